"""Keys of callers: what tells one customer from another where numbers are masked."""

import hmac
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sql.vocabulary import Direction

if TYPE_CHECKING:
    import pandas as pd

HEX_DIGITS = 32
"""128 bits: two of a hundred million numbers share a key once in 10^22 warehouses."""

REMEMBERED = 10_000
"""A batch's legs and calls have the same numbers."""


class CallerKeys:
    """Keys by the warehouse's secret: HMAC-SHA-256 of the customer's number in E.164.

    Equal for a number in every vendor and stream of the warehouse. Who has no secret can't try all
    numbers, as there are few.
    """

    def __init__(self, secret: bytes) -> None:
        # The same from here on for all numbers: to begin anew for each costs twice as much.
        begun = hmac.new(secret, digestmod="sha256")

        @lru_cache(maxsize=REMEMBERED)
        def of_number(number: str) -> str:
            hasher = begun.copy()
            hasher.update(number.encode())
            return hasher.hexdigest()[:HEX_DIGITS]

        self.of_number = of_number

    def of(self, calls: "pd.DataFrame") -> list[str | None]:
        """One a row; None where it isn't sure which number is the customer's."""
        return [number and self.of_number(number) for number in _customers(calls)]


def _customers(calls: "pd.DataFrame") -> Iterator[str | None]:
    """Who calls in or is called; of an unknown direction, the only number that there is."""
    directions, callers, called = (
        calls[name].tolist() if name in calls else [None] * len(calls)
        for name in ("direction", "from_e164", "to_e164")
    )
    inbound, outbound, unknown = Direction.INBOUND, Direction.OUTBOUND, Direction.UNKNOWN
    for direction, caller, callee in zip(directions, callers, called, strict=True):
        if direction == inbound:
            yield _number(caller)
        elif direction == outbound:
            yield _number(callee)
        elif direction == unknown:
            numbers = list(filter(None, map(_number, (caller, callee))))
            yield numbers[0] if len(numbers) == 1 else None
        else:
            yield None


def _number(value: Any) -> str | None:
    return value if isinstance(value, str) else None
