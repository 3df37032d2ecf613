"""To wait for what others bring about."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(fact: Callable[[], T], patience_s: float) -> T:
    """What `fact` says as soon as that is true; fails when it takes longer."""
    deadline = time.monotonic() + patience_s
    while not (found := fact()):
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
    return found
