"""Records to typed columns with pandas: what doesn't fit is a fault that names field and reason.

A vendor's mapping reads each field once through `Columns`, says which column of `facts` it
becomes, and never looks at a record itself. What the vendor didn't say is missing (NULL), never
0 or ''.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import phonenumbers

from resources import payload
from resources.account import Account
from resources.vendor import Facts, Record, Reject

Column = Any
"""A pandas Series as long as the batch (pandas' own types say no more of object columns)."""

BIGINT = float(2**63 - 1024)
"""The largest bigint that a float can hold."""
INTEGER = float(2**31 - 1)
LONGEST_KEY = 500
"""No vendor's is longer; one that doesn't fit an index entry would stop a whole load."""
EARLIEST = pd.Timestamp("2000-01-01", tz=UTC)
MOST_NEW_VALUES = 5
"""So many values of one field and batch are told as new: it may be anything but a list."""
_LETTER = re.compile("[A-Za-z]")
AHEAD = timedelta(days=2)
"""A call further ahead than this, or before EARLIEST, is a broken date, not a call."""


class Columns:
    """A batch of records by field. `None`, absent and '' are the same: missing."""

    def __init__(self, records: Sequence[Record], account: Account) -> None:
        self.account = account
        self.size = len(records)
        self._records = records
        self._read: set[str] = set()
        self._new: set[str] = set()
        self._faults: dict[int, Reject] = {}

    def values(self, field: str) -> Column:
        """The field as sent; a dot goes into a nested object (`call_flow.id`)."""
        name, _, rest = field.partition(".")
        self._read.add(name)
        # Straight from the records: a frame of objects, made only to be cut up again, costs more
        # than all else here together.
        values = [record.get(name) for record in self._records]
        if rest:
            wrong = [value not in (None, "") and not isinstance(value, dict) for value in values]
            self.fault(pd.Series(wrong), name, "expected an object")
            values = [value.get(rest) if isinstance(value, dict) else None for value in values]
        if "" in values:
            values = [None if value == "" else value for value in values]
        return _objects(values)

    def text(self, field: str, required: bool = False) -> Column:
        """Strings; numbers as their digits."""
        column = self.values(field)
        self._require(column, field, required)
        values = column.tolist()
        if not set(map(type, values)) <= {str, type(None)}:
            nested = [isinstance(value, dict | list | bool) for value in values]
            self.fault(pd.Series(nested), field, "expected text")
            values = [
                value if value is None or isinstance(value, str) else None if odd else str(value)
                for value, odd in zip(values, nested, strict=True)
            ]
            column = _objects(values)
        # One look at all of them: hardly a batch has such a character.
        if payload.unstorable("".join(filter(None, values))):
            broken = [bool(value) and payload.unstorable(value) for value in values]
            reason = "has a character that can't be kept (NUL or half a surrogate)"
            self.fault(pd.Series(broken), field, reason)
            column = _objects(
                None if bad else value for value, bad in zip(values, broken, strict=True)
            )
        return column

    def number(self, field: str, required: bool = False) -> Column:
        """Finite numbers up to a bigint, also as strings with a decimal point."""
        column = self.values(field)
        self._require(column, field, required)
        plain: pd.Series[Any] = _objects(_numeric(value) for value in column)
        numbers = pd.to_numeric(plain, errors="coerce").astype("float64")
        self.fault(column.notna() & numbers.isna(), field, "expected a number")
        self.fault(numbers.abs() > BIGINT, field, "the number is beyond a bigint")
        return numbers.where(numbers.abs() <= BIGINT)

    def integer(self, field: str, required: bool = False, most: float = BIGINT) -> Column:
        """Whole numbers, as pandas' nullable Int64; `most` = INTEGER for a column so small."""
        numbers = self.number(field, required)
        self.fault(numbers.notna() & (numbers % 1 != 0), field, "expected a whole number")
        self.fault(numbers.abs() > most, field, f"the number is beyond {most:.0f}")
        return numbers.where((numbers % 1 == 0) & (numbers.abs() <= most)).astype("Int64")

    def decimal(self, field: str) -> Column:
        """Numbers that must keep every digit (money): checked, and left as the text they were."""
        numbers = self.number(field)
        return (
            self.values(field)
            .where(numbers.notna(), None)
            .map(lambda value: None if value is None else str(value).strip())
        )

    def seconds(self, field: str, per_second: int = 1, required: bool = False) -> Column:
        """Durations in seconds; `per_second` = 1000 for a field in milliseconds."""
        numbers = self.number(field, required)
        self.fault(numbers < 0, field, "a duration can't be negative")
        return (numbers / per_second).where(numbers >= 0)

    def boolean(self, field: str) -> Column:
        """True and False, also as 1 and 0 or their strings."""
        column = self.values(field)
        known = {True: True, False: False, "true": True, "false": False, "1": True, "0": False}
        result = column.map(
            lambda value: (
                known.get(value.lower() if isinstance(value, str) else value)
                if isinstance(value, Hashable)
                else None
            )
        ).astype(object)
        self.fault(column.notna() & result.isna(), field, "expected true or false")
        return result

    def instant(self, field: str, pattern: str = "ISO8601", required: bool = False) -> Column:
        """Instants with an offset (or in UTC, where the format has none)."""
        text = self.text(field, required)
        return self._plausible(
            text, pd.to_datetime(text, format=pattern, errors="coerce", utc=True), field
        )

    def epoch(self, field: str, required: bool = False) -> Column:
        """Instants as seconds since 1970."""
        numbers = self.number(field, required)
        return self._plausible(
            numbers, pd.to_datetime(numbers.where(numbers.abs() < 1e11), unit="s", utc=True), field
        )

    def local(self, field: str, pattern: str, required: bool = False) -> Column:
        """Wall times of the account's zone. Of an hour that comes twice, the first is meant; a
        time that clocks skip is the instant after the gap.
        """
        text = self.text(field, required)
        naive: Column = pd.to_datetime(text, format=pattern, errors="coerce")
        zone: ZoneInfo = self.account.timezone
        first = np.ones(self.size, dtype=bool)
        aware = naive.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
        return self._plausible(text, aware.dt.tz_convert(UTC), field)

    def mapped(self, field: str, mapping: Mapping[str, str], default: str | None = None) -> Column:
        """The field's value by `mapping`; `default` for what isn't in it, which is told as new."""
        text = self.text(field)
        unknown = text[text.notna() & ~text.isin(list(mapping))].unique()[:MOST_NEW_VALUES]
        self._new.update(f"{field}={value[:40]}" for value in unknown)
        return _objects(mapping.get(value, default) for value in text)

    def e164(self, column: Column) -> Column:
        """Phone numbers in E.164 by the account's country; NULL for extensions and the like."""
        country = self.account.country
        return _objects(
            e164(value, country) if isinstance(value, str) else None for value in column
        )

    def rest(self, *kept: str) -> Column:
        """What no mapping read, as one object a record (NULL when there is nothing).

        `kept` are known fields that belong there as they came, whether a mapping read them or
        not; any other is told as new.
        """
        fields = dict.fromkeys(chain.from_iterable(self._records))
        unknown = {name for name in fields if name not in self._read and name not in kept}
        self._new.update(map(payload.storable, unknown))
        names = [name for name in fields if name in kept or name in unknown]
        return _objects(
            {name: value for name in names if (value := record.get(name)) not in (None, "")} or None
            for record in self._records
        )

    def objects(self, **columns: Column) -> Column:
        """One object a record of the given columns, without what is missing."""
        frame = pd.DataFrame(columns).astype(object)
        return pd.Series(
            [
                {name: value for name, value in row.items() if not pd.isna(value)} or None
                for row in frame.to_dict("records")
            ],
            dtype=object,
        )

    def fault(self, where: Column, field: str, reason: str) -> None:
        """Rejects the records `where` is true. The first fault of a record is the one told."""
        where = where.fillna(False).astype(bool)
        if where.to_numpy().any():
            for index in np.flatnonzero(where.to_numpy()):
                self._faults.setdefault(int(index), Reject(int(index), field, reason))

    def facts(
        self,
        started_at: Column | None,
        tables: Mapping[str, pd.DataFrame],
        is_open: Column | None = None,
    ) -> Facts:
        """The batch as facts, without the records that have a fault."""
        bad = list(self._faults)
        return Facts(
            tables={name: frame.drop(index=bad, errors="ignore") for name, frame in tables.items()},
            started_at=started_at,
            rejects=[self._faults[index] for index in sorted(bad)],
            is_open=is_open,
            new_fields=frozenset(self._new),
        )

    def _require(self, column: Column, field: str, required: bool) -> None:
        if required:
            self.fault(column.isna(), field, "missing")

    def _plausible(self, given: Column, instants: Column, field: str) -> Column:
        self.fault(given.notna() & instants.isna(), field, "expected a date and time")
        latest = pd.Timestamp(datetime.now(UTC) + AHEAD)
        odd = (instants < EARLIEST) | (instants > latest)
        self.fault(odd, field, "the date is before 2000 or in the future")
        return instants.where(~odd)


def _objects(values: Iterable[Any]) -> Column:
    return pd.Series(list(values), dtype=object)


@lru_cache(maxsize=50_000)
def e164(number: str, country: str) -> str | None:
    """`number` in E.164, or None when it isn't a valid number (an extension, `anonymous`)."""
    if _LETTER.search(number):
        return None  # a name with digits in it (`sup11999482052`) isn't the number in it
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _numeric(value: Any) -> Any:
    """What pandas can look for a number in; it chokes on an integer that no float can hold."""
    if isinstance(value, bool | dict | list):
        return None
    if isinstance(value, int):
        return float(max(min(value, 2**64), -(2**64)))
    return value


def key_of(*fields: str) -> Callable[[Record], str | None]:
    """A record's key from its fields: None when one is missing, or no plain, short value."""

    def key(record: Record) -> str | None:
        parts = []
        for field in fields:
            part = record.get(field)
            if part in (None, "") or isinstance(part, dict | list | bool):
                return None
            parts.append(str(part))
        text = payload.storable("/".join(parts))
        return text if len(text) <= LONGEST_KEY else None

    return key
