"""When a request is tried again, and after how long."""

import random
from datetime import timedelta

from resources.errors import ThrottledError, TransientError

ATTEMPTS = 4
TRYING = timedelta(seconds=5)
"""So soon after the first attempt another may begin, however impatient one is."""
FAILED_S = 0.5
"""The first pause after a failure; it doubles with every attempt, as all of these do."""
THROTTLED_S = 2.0
"""The first pause after a 429 or 503 without Retry-After."""


def try_again(error: Exception) -> bool | timedelta:
    """Whether to try again. A pause for every process that uses the credential is kept by the
    limiter, so it isn't slept here too.
    """
    if isinstance(error, ThrottledError) or (
        isinstance(error, TransientError) and error.retry_after is not None
    ):
        return timedelta(milliseconds=1)
    return isinstance(error, TransientError)


def backoff(attempt: int) -> timedelta:
    """How long everybody pauses when a vendor asks for it without saying how long."""
    return timedelta(seconds=THROTTLED_S * 2 ** (attempt - 1) * random.uniform(1, 1.5))  # noqa: S311
