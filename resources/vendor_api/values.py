"""What one value of a record says. Three kinds of it are NULL in the facts:

- **Missing**: null, absent, an empty or blank text, an empty list or object. The vendor said
  nothing, and nothing is said of it.
- **A placeholder**: what databases and programs write where there is nothing (`0000-00-00`, epoch
  0, a duration of -1, `N/A`), in a field of numbers, dates or booleans. It is noted as NO_VALUE.
- **Unreadable**: anything else that the field can't be. It is noted with the reason.

In a field that a record can't do without (its key, its start, what decides its table) each of them
rejects the record. A placeholder in a field of text is a text.
"""

import math
import re
from collections.abc import Callable
from typing import Any

NO_VALUE = "a placeholder for no value"
"""The reason that is noted for a placeholder. No check warns of it: it is a habit, not a fault.
(SQL knows it by this text: `load/changed_records`, `checks/readable`.)"""
_WORDS = {
    "null", "none", "nil", "nan", "undefined", "unknown", "n/a", "na", "n.a.", "n/d", "s/d", "-",
    "--",
}  # fmt: skip
_NO_DATE = re.compile(r"(0000.00.00|0001.01.01|1900.01.01|1969.12.31|1970.01.01)(?!\d)")
"""MySQL's zero date, the first days of .NET, Excel and Unix, and the latter west of Greenwich."""
_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_LONGEST_DECIMAL = 1000
_CLOCK = re.compile(r"\s*(?:(\d{1,6}):([0-5]?\d)|(\d{1,6})):([0-5]\d(?:\.\d{1,9})?)\s*")

StandsForNothing = Callable[[Any], bool]
"""Whether a value is a placeholder, in a field of one type."""


def is_missing(value: Any) -> bool:
    """Whether the vendor said nothing."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (isinstance(value, list | dict) and not value)


def is_no_value(value: Any) -> bool:
    """A placeholder for a number or a boolean."""
    return isinstance(value, str) and value.strip().lower() in _WORDS


def is_no_count(value: Any) -> bool:
    """A placeholder for what can't be negative: a duration, a count."""
    return number_of(value) == -1 or is_no_value(value)


def is_no_date(value: Any) -> bool:
    """A placeholder for a date."""
    return (
        number_of(value) in (0, -1)
        or is_no_value(value)
        or (isinstance(value, str) and _NO_DATE.match(value.strip()) is not None)
    )


def word(text: str) -> str:
    """As words of a vocabulary are compared: blanks around it and capitals make no other word."""
    return text.strip().casefold()


def digits(number: Any) -> str:
    """A number as text: a whole one that comes as a float (12.0) is the same (12)."""
    return str(int(number) if isinstance(number, float) and number.is_integer() else number)


def number_of(value: Any) -> float | None:
    """The number that a value is, also as a text; None where it is none."""
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def is_decimal(text: str) -> bool:
    """Whether Postgres' numeric keeps every digit of the number."""
    return len(text) <= _LONGEST_DECIMAL and _DECIMAL.fullmatch(text) is not None


def seconds_of(value: Any) -> float | None:
    """The seconds that a duration is, as a number, its text or a clock; None where it is none."""
    number = number_of(value)
    seconds = clock_seconds(value) if number is None else number
    return seconds if 0 <= seconds < 2**31 else None


def clock_seconds(value: Any) -> float:
    """Seconds of `MM:SS` or `HH:MM:SS`; NaN where it is neither."""
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return math.nan
    hours, minutes, minutes_alone, seconds = match.groups()
    return int(hours or 0) * 3600 + int(minutes or minutes_alone) * 60 + float(seconds)
