"""Answers and records made wrong, or otherwise, for the checks."""

import re
from collections.abc import Iterator
from typing import Any

from resources.vendor_api.vendor import Record

WRONG: tuple[Any, ...] = (
    None, "", " ", "x", "before\x00after", "\ud800", "0", "-1", "1e400", "NaN", "9" * 400,
    "x" * 5000, "9999-12-31 23:59:59", "0001-01-01T00:00:00+00:00", True, -1, 0.5, 2**31, 2**63,
    2**64 - 1, 10**400, 1e308, [], [1], {}, {"a": {"b": [None]}},
)  # fmt: skip
"""What no document promises, in any field."""


def broken_inside(record: Record) -> Iterator[Record]:
    """Fields that hold objects, or lists of them, each with one of the inner fields wrong."""
    for name, value in record.items():
        for wrong in WRONG:
            if isinstance(value, dict):
                yield from ({name: {**value, inner: wrong}} for inner in [*value, "unheard of"])
            if isinstance(value, list) and value:
                yield {name: [wrong, *value]}
            if isinstance(value, list) and value and isinstance(value[0], dict):
                yield from (
                    {name: [{**value[0], inner: wrong}, *value[1:]]}
                    for inner in [*value[0], "unheard of"]
                )


def broken_variants(records: list[Record]) -> list[Record]:
    """Every record with every field in turn dropped or wrong."""
    return [record for batch in broken_batches(records) for record in batch]


def broken_batches(records: list[Record]) -> Iterator[list[Record]]:
    """By what is wrong: each batch has a record for each field."""
    good = records[0]
    yield [{k: v for k, v in good.items() if k != name} for name in good]
    for wrong in WRONG:
        yield [{**good, name: wrong} for name in good]
    yield [{**good, name: _enormous(good[name])} for name in good]
    yield [{**good, name: {"id": good[name]}} for name in good]
    yield [{**good, "unheard of \x00": wrong} for wrong in WRONG]


def _enormous(value: Any) -> Any:
    """The value with every number in its text made enormous."""
    return re.sub(r"\d+", "9" * 400, value) if isinstance(value, str) else value


def with_larger_totals(value: Any) -> Any:
    """The answer `value` with more records in all than are on the page, where it counts them."""
    if not isinstance(value, dict):
        return value
    return {
        name: 10 * inner
        if "total" in name and isinstance(inner, int)
        else with_larger_totals(inner)
        for name, inner in value.items()
    }


def numbered(value: Any, records: list[Record]) -> Any:
    """The answer `value` with its records under numbers."""
    if value == records:
        return {str(2 * place): record for place, record in enumerate(records)}
    if isinstance(value, dict):
        return {name: numbered(inner, records) for name, inner in value.items()}
    return value


def with_first_record(value: Any, record: Record, odd: Any) -> Any:
    """The answer `value` with `odd` in place of its first record."""
    if isinstance(value, list):
        if record in value:
            return [odd, *value[1:]]
        return [with_first_record(item, record, odd) for item in value]
    if isinstance(value, dict):
        return {name: with_first_record(item, record, odd) for name, item in value.items()}
    return value
