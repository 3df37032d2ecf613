"""One message to a chat's incoming webhook. Not the vendors' HTTP layer, which only sends GET."""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from resources.errors import CallhouseError
from resources.http.addresses import LOOPBACK_HOSTS, is_safe

TIMEOUT_S = 15


class WebhookError(CallhouseError):
    """The message didn't arrive. The text never holds the address: it is a secret."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would arrive as a GET, and perhaps elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        return None


def post(url: str, text: str) -> None:
    """Posts `{"text": …}`, as Slack and what is compatible with it take it.

    Raises WebhookError.
    """
    parts = urlsplit(url)
    if not is_safe(parts):
        raise WebhookError("the webhook's address must begin with https://")
    request = urllib.request.Request(  # noqa: S310 - looked at above
        url,
        json.dumps({"text": text}).encode(),
        {"content-type": "application/json", "user-agent": "callhouse"},
        method="POST",
    )
    here = [urllib.request.ProxyHandler({})] if parts.hostname in LOOPBACK_HOSTS else []
    try:
        with urllib.request.build_opener(_NoRedirect, *here).open(request, timeout=TIMEOUT_S):
            return
    except urllib.error.HTTPError as error:
        with error:  # it is the answer, too, with its socket
            raise WebhookError(f"the webhook answered HTTP {error.code}") from None
    except (OSError, http.client.HTTPException) as error:
        raise WebhookError(f"the webhook can't be reached ({type(error).__name__})") from None
