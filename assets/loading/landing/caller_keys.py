"""Keys of callers: what tells one customer from another where numbers are masked."""

import hmac
from collections.abc import Iterable
from typing import Any

import pandas as pd

from sql.vocabulary import Direction

HEX_DIGITS = 32
"""128 bits: two of a hundred million numbers share a key once in 10^22 warehouses."""


def caller_keys(calls: "pd.DataFrame", secret: bytes) -> list[str | None]:
    """One a row: HMAC-SHA-256 of the customer's number in E.164 with the warehouse's secret.

    Equal for a number in every vendor and stream of the warehouse. Who has no secret can't try all
    numbers, as there are few. None where it isn't sure which number is the customer's.
    """
    known: dict[str, str] = {}
    keys: list[str | None] = []
    for number in _customers(calls):
        if number is not None and number not in known:
            known[number] = hmac.digest(secret, number.encode(), "sha256").hex()[:HEX_DIGITS]
        keys.append(None if number is None else known[number])
    return keys


def _customers(calls: "pd.DataFrame") -> Iterable[str | None]:
    """Who calls in or is called; of an unknown direction, the only number that there is."""
    columns = [calls[name] if name in calls else [None] * len(calls)
               for name in ("direction", "from_e164", "to_e164")]  # fmt: skip
    for direction, caller, called in zip(*columns, strict=True):
        sides = [_number(side) for side in (caller, called)]
        match direction:
            case Direction.INBOUND:
                yield sides[0]
            case Direction.OUTBOUND:
                yield sides[1]
            case Direction.UNKNOWN if None in sides:
                yield sides[0] or sides[1]
            case _:
                yield None


def _number(value: Any) -> str | None:
    return value if isinstance(value, str) else None
