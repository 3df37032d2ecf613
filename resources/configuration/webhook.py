"""The address that alerts are posted to: who has none has none posted."""

import os
from urllib.parse import urlsplit

from resources.errors import ConfigurationError
from resources.http.addresses import is_safe

WEBHOOK = "CALLHOUSE_ALERT_WEBHOOK"


def webhook_url() -> str | None:
    """The webhook of the environment; None: alerts are off.

    Raises ConfigurationError, which doesn't show it, for what nothing can be posted to.
    """
    url = os.environ.get(WEBHOOK)
    if not url:
        return None
    try:
        parts = urlsplit(url)
        is_address = bool(parts.hostname) and parts.port != 0 and is_safe(parts)
    except ValueError:
        is_address = False
    if not is_address:
        form = "https://…, as a chat's incoming webhook has it"
        raise ConfigurationError([f"{WEBHOOK} isn't an address to post to: expected {form}"])
    return url
