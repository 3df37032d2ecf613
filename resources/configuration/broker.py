"""The broker's address: who has one has runs on workers."""

import os
import re
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from resources.configuration.home import BROKER
from resources.errors import CallhouseError, ConfigurationError

if TYPE_CHECKING:
    from redis import Redis

SCHEMES = ("redis", "rediss")
PATIENCE_S = 5


class BrokerError(CallhouseError):
    """The broker doesn't answer, and what may help."""


def broker_url() -> str | None:
    """The broker of the environment; None: runs are processes of this host.

    Raises ConfigurationError, which doesn't show it, for what isn't a Redis' URL.
    """
    url = os.environ.get(BROKER)
    if not url:
        return None
    if not re.match(rf"({'|'.join(SCHEMES)})://[^/]", url):
        form = "redis://:password@host:6379/0, or rediss://… for TLS"
        raise ConfigurationError([f"{BROKER} isn't the URL of a Redis: expected {form}"])
    return url


def without_secrets(url: str) -> str:
    """The broker's URL as it may be shown."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def require_broker(url: str) -> None:
    """Asks the broker for an answer. Raises BrokerError, without secrets, when none comes."""
    import redis

    try:
        _standing(url).ping()
    except (redis.RedisError, OSError) as error:
        reason = str(error).strip().rstrip(".")
        raise BrokerError(
            f"The broker at {without_secrets(url)} doesn't answer: {reason}. Start it, or correct "
            f"{BROKER}."
        ) from None


@cache
def _standing(url: str) -> "Redis":
    """On a connection of the process that stays open: the run queue asks every five seconds."""
    from redis import Redis

    return Redis.from_url(url, socket_connect_timeout=PATIENCE_S, socket_timeout=PATIENCE_S)
