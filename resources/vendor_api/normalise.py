"""Records to typed columns with pandas: what can't be read is NULL, and noted with the reason.

A vendor's mapping reads each field once through `Columns`, says which column of `facts` it
becomes, and never looks at a record itself. What a value may be is in
`resources.vendor_api.values`. A wrong value costs its field; a `required` one costs the record,
which is rejected.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from itertools import chain, islice
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from resources.account import Account
from resources.text import payload
from resources.vendor_api import phones
from resources.vendor_api.dates import EARLIEST, latest
from resources.vendor_api.series import (
    Column,
    as_floats,
    ends_with_offset,
    objects,
    places,
    without,
)
from resources.vendor_api.sizes import CUT, LEFT_OUT, LONGEST_TEXT, are_small, cut, without_largest
from resources.vendor_api.values import (
    NO_VALUE,
    StandsForNothing,
    clock_seconds,
    is_decimal,
    is_missing,
    is_no_count,
    is_no_date,
    is_no_value,
)
from resources.vendor_api.vendor import Facts, Faults, Record, Reject

THOUSANDS = re.compile(r"\s*[+-]?\d{1,3}(?:\.\d{3})+\s*", re.ASCII)
"""A text that is a thousand times more where dots part thousands."""
MILLIONS = re.compile(r"\s*[+-]?\d{1,3}(?:\.\d{3}){2,}\s*", re.ASCII)
"""One that can't be anything else."""
BIGINT = float(2**63 - 1024)
"""The largest bigint that a float can hold."""
INTEGER = float(2**31 - 1)
BOOLEANS = {True: True, False: False, "true": True, "false": False, "1": True, "0": False}
EXPECTED_SECONDS = "expected a number of seconds, MM:SS or HH:MM:SS"
NO_LIST = "expected a list of objects"
MOST_NEW_VALUES = 5
"""So many values of one field and batch are reported as new: it may be anything but a list."""
MOST_NEW_FIELDS = 50
"""So many fields of a batch are reported as new: their names may be anything, too."""
LONGEST_NAME = 100
MOST_LEFT_OUT = 5
"""So many of a record's fields that are left out are named."""


class Columns:
    """A batch of records by field."""

    def __init__(self, records: Sequence[Record], account: Account) -> None:
        self.account = account
        self.size = len(records)
        self._records = records
        self._read: set[str] = set()
        self._new: set[str] = set()
        self._rejects: dict[int, Reject] = {}
        self._faults: Faults = {}

    def values(self, field: str) -> Column:
        """The field as sent, '' as missing; a dot goes into a nested object (`call_flow.id`)."""
        self._read.add(field)
        name, _, inner = field.partition(".")
        # Straight from the records: a frame of objects, made only to be cut up again, costs more
        # than all else here together.
        try:
            values = [record[name] for record in self._records]  # nearly always all have it
        except KeyError:
            values = [record.get(name) for record in self._records]
        if inner:
            odd = [not isinstance(value, dict) and not is_missing(value) for value in values]
            self.note(pd.Series(odd), name, "expected an object")
            values = [value.get(inner) if isinstance(value, dict) else None for value in values]
        if "" in values:
            values = [None if value == "" else value for value in values]
        return objects(values)

    def text(self, field: str, required: bool = False) -> Column:
        """Strings; numbers as their digits. What Postgres can't keep of one is replaced in it, and
        what is longer than LONGEST_TEXT is cut.
        """
        column = self.values(field)
        values = column.tolist()
        if not set(map(type, values)) <= {str, type(None)}:
            nested = pd.Series([isinstance(value, dict | list | bool) for value in values])
            self._judge(column, nested, field, "expected text", required=required)
            values = [
                value if value is None or isinstance(value, str) else None if odd else str(value)
                for value, odd in zip(values, nested, strict=True)
            ]
        # One look at all of them: hardly a batch has a blank, or such a character.
        if any(map(str.isspace, filter(None, values))):
            values = [None if is_missing(value) else value for value in values]
        if payload.unstorable("".join(filter(None, values))):
            values = [payload.storable(value) for value in values]
        return self._present(objects(self._cut(values, field)), field, required)

    def number(self, field: str, required: bool = False) -> Column:
        """Finite numbers up to a bigint, also as strings with a decimal point."""
        column = self._present(self.values(field), field, required)
        numbers = self._unambiguous(column, field, required)
        odd = column.notna() & numbers.isna()
        self._judge(column, odd, field, "expected a number", is_no_value, required)
        return self._bounded(numbers, column, field, required)

    def integer(self, field: str, required: bool = False, most: float = BIGINT) -> Column:
        """Counts, as pandas' nullable Int64; `most` = INTEGER for a column so small."""
        column = self._present(self.values(field), field, required)
        numbers = as_floats(column)
        odd = column.notna() & ~(numbers % 1 == 0) & ~numbers.isin([np.inf, -np.inf])
        odd |= _has_dots(column, THOUSANDS)
        self._judge(column, odd, field, "expected a whole number", is_no_count, required)
        negative = numbers < 0
        self._judge(column, negative, field, "a count can't be negative", is_no_count, required)
        numbers = self._bounded(numbers.where(~odd & ~negative), column, field, required, most)
        return numbers.astype("Int64")

    def decimal(self, field: str) -> Column:
        """Numbers that must keep every digit (money): checked, and left as the text they were."""
        given, is_number = self.values(field), self.number(field).notna()
        exact = objects(
            str(value).strip() if known else None
            for value, known in zip(given, is_number, strict=True)
        )
        odd = is_number & ~exact.map(lambda text: text is not None and is_decimal(text))
        self._judge(given, odd, field, "has more digits than can be kept")
        return exact.where(~odd, None)

    def seconds(self, field: str, per_second: int = 1, required: bool = False) -> Column:
        """Durations in seconds, also as `MM:SS` or `HH:MM:SS`; `per_second` = 1000 for a number of
        milliseconds.
        """
        column = self._present(self.values(field), field, required)
        numbers = self._unambiguous(column, field, required)
        numbers = self._bounded(numbers, column, field, required)
        seconds = numbers / per_second
        if (odd := column.notna() & numbers.isna()).any():
            clocks = column[odd].map(clock_seconds).astype("float64")
            seconds = seconds.fillna(clocks)
            odd &= seconds.isna()
            self._judge(column, odd, field, EXPECTED_SECONDS, is_no_count, required)
        negative = seconds.to_numpy() < 0
        self._judge(column, negative, field, "a duration can't be negative", is_no_count, required)
        return without(seconds, negative)

    def boolean(self, field: str) -> Column:
        """True and False, also as 1 and 0 or their strings."""
        column = self.values(field)
        read = [
            BOOLEANS.get(value.lower() if isinstance(value, str) else value)
            if not isinstance(value, dict | list)
            else None
            for value in column
        ]
        odd = [
            found is None and value is not None for found, value in zip(read, column, strict=True)
        ]
        self._judge(column, odd, field, "expected true or false", is_no_count)
        return objects(read)

    def object(self, field: str) -> Column:
        """Objects, as they came."""
        column = self.values(field)
        odd = column.notna() & ~column.map(lambda value: isinstance(value, dict)).astype(bool)
        self._judge(column, odd, field, "expected an object", is_no_value)
        return objects(
            self._within(index, value, field)
            for index, value in enumerate(column.where(~odd, None))
        )

    def instant(self, field: str, pattern: str = "ISO8601", required: bool = False) -> Column:
        """Instants with an offset; in UTC where the vendor's `pattern` has none."""
        text = self.text(field, required)
        instants: Column = pd.to_datetime(text, format=pattern, errors="coerce", utc=True)
        if pattern == "ISO8601":
            without = instants.notna() & ~ends_with_offset(text)
            reason = "expected a date and time with its offset"
            self._judge(text, without, field, reason, is_no_date, required)
            instants = instants.where(~without)
        return self._plausible(text, instants, field, required)

    def epoch(self, field: str, required: bool = False) -> Column:
        """Instants as seconds since 1970."""
        column = self._present(self.values(field), field, required)
        numbers = as_floats(column)
        odd = column.notna() & numbers.isna()
        self._judge(column, odd, field, "expected a number", is_no_date, required)
        instants = pd.to_datetime(numbers.where(numbers.abs() < 1e11), unit="s", utc=True)
        return self._plausible(numbers, instants, field, required)

    def local(self, field: str, pattern: str, required: bool = False) -> Column:
        """Wall times of the account's zone. Of an hour that comes twice, the first is meant; a
        time that clocks skip is the instant after the gap.
        """
        text = self.text(field, required)
        naive: Column = pd.to_datetime(text, format=pattern, errors="coerce")
        zone: ZoneInfo = self.account.timezone
        first = np.ones(self.size, dtype=bool)
        aware = naive.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
        return self._plausible(text, aware.dt.tz_convert(UTC), field, required)

    def mapped(self, field: str, mapping: Mapping[str, str], default: str | None = None) -> Column:
        """The field's value by `mapping`; `default` for what isn't in it, which is a new value."""
        values = self.text(field).tolist()
        if not mapping.keys() >= set(values) - {None}:
            unknown = (value for value in dict.fromkeys(values) if value and value not in mapping)
            self._new.update(f"{field}={value[:40]}" for value in islice(unknown, MOST_NEW_VALUES))
        return objects([mapping.get(value, default) for value in values])

    def e164(self, column: Column) -> Column:
        """Phone numbers in E.164 by the account's country; NULL for extensions and the like."""
        country = self.account.country
        return objects(
            [phones.e164(value, country) if isinstance(value, str) else None for value in column]
        )

    def parts(self, field: str) -> "Parts":
        """What is in each record's list of objects, such as a call's legs: columns of all of them.

        What isn't a list is none, and an object that isn't one is empty: both are noted.
        """
        lists = [payload.listed(value) for value in self.values(field)]
        odd = [not isinstance(value, list) and not is_missing(value) for value in lists]
        self.note(pd.Series(odd), field, NO_LIST)
        owners: list[int] = []
        parts: list[Any] = []
        for index, value in enumerate(lists):
            if isinstance(value, list):
                owners += [index] * len(value)
                parts += value
        for index, part in zip(owners, parts, strict=True):
            if not isinstance(part, dict):
                self.note_at(index, field, NO_LIST)
        return Parts(self, field, owners, [p if isinstance(p, dict) else {} for p in parts])

    def rest(self, *kept: str) -> Column:
        """What no mapping read, as one object a record (NULL when there is nothing).

        `kept` are known fields that belong there as they came; any other is reported as new. A dot
        goes into a nested object, of which the other fields are new then. What isn't dotted is
        known with all that is in it.
        """
        known = self._read.union(kept)
        holders = {field.partition(".")[0] for field in known if "." in field}
        fields = sorted(set().union(*self._records))
        names = [name for name in fields if name in kept or name not in self._read]
        self.tell(name for name in names if name not in known and name not in holders)
        rest = [
            {
                name: value
                for name in names
                if (value := record.get(name)) is not None and value != ""
            }
            for record in self._records
        ]
        for holder in holders:
            self.tell(name for name in _inner_names(rest, holder) if name not in known)
            _leave_out(rest, holder, self._read.difference(kept))
        if are_small(rest):
            return objects([found or None for found in rest])
        return objects([self._within(index, found or None) for index, found in enumerate(rest)])

    def note(self, where: Column, field: str, reason: str) -> None:
        """Notes that the field of the records `where` is true couldn't be read, and is NULL."""
        for index in places(where):
            self.note_at(index, field, reason)

    def note_at(self, index: int, field: str, reason: str) -> None:
        """The same of one record. A field's first reason is the one that stays."""
        self._faults.setdefault(index, {}).setdefault(field, reason)

    def reject(self, where: Column, field: str, reason: str) -> None:
        """Rejects the records `where` is true. The first reason is the one that stays."""
        for index in places(where):
            self._rejects.setdefault(index, Reject(index, field, reason))

    def unread(self, *fields: str) -> Column:
        """Where one of the fields has a value that couldn't be read: it may mean anything. (A
        placeholder means nothing.)
        """
        unread = np.zeros(self.size, dtype=bool)
        for index, faults in self._faults.items():
            unread[index] = any(faults.get(field, NO_VALUE) != NO_VALUE for field in fields)
        return pd.Series(unread)

    def facts(
        self,
        started_at: Column | None,
        tables: Mapping[str, pd.DataFrame],
        is_open: Column | None = None,
        alike: Collection[str] = (),
    ) -> Facts:
        """The batch as facts, without the records that are rejected. `alike`: see Facts."""
        bad = list(self._rejects)
        kept = dict(tables)
        if bad:
            kept = {name: frame.drop(index=bad, errors="ignore") for name, frame in kept.items()}
        return Facts(
            tables=kept,
            started_at=started_at,
            rejects=[self._rejects[index] for index in sorted(bad)],
            faults={i: faults for i, faults in self._faults.items() if i not in self._rejects},
            is_open=is_open,
            alike=frozenset(alike),
            new_fields=frozenset(self._new),
        )

    def _cut(self, values: list[Any], field: str) -> list[Any]:
        """The texts, none longer than LONGEST_TEXT."""
        if max(map(len, filter(None, values)), default=0) <= LONGEST_TEXT // 4:  # bytes of any one
            return values
        short = [value and cut(value) for value in values]
        is_cut = [new != old for new, old in zip(short, values, strict=True)]
        self.note(pd.Series(is_cut), field, CUT)
        return short

    def _within(self, index: int, found: Record | None, field: str | None = None) -> Record | None:
        """The record's object without its largest fields, where it is too large: noted.
        `field`: the one that it stands in; None where it holds fields of the record itself.
        """
        if found is None or len(kept := without_largest(found)) == len(found):
            return found
        left_out = [name for name in found if name not in kept]
        for name in [field] if field else left_out[:MOST_LEFT_OUT]:
            self.note_at(index, payload.storable(name)[:LONGEST_NAME], LEFT_OUT)
        return kept or None

    def _present(self, column: Column, field: str, required: bool) -> Column:
        if required:
            self.reject(column.isna(), field, "missing")
        return column

    def _unambiguous(self, column: Column, field: str, required: bool) -> Column:
        """Numbers and their texts as floats. Where one text of the batch has dots between
        thousands, those that may have one there, too, can't be read.
        """
        numbers = as_floats(column)
        if not _has_dots(column, MILLIONS).any():
            return numbers
        odd = _has_dots(column, THOUSANDS)
        self._judge(column, odd, field, "a dot may part thousands", required=required)
        return without(numbers, odd)

    def _bounded(
        self, numbers: Column, column: Column, field: str, required: bool, most: float = BIGINT
    ) -> Column:
        reason = "a bigint" if most == BIGINT else f"{most:.0f}"
        beyond = np.abs(numbers.to_numpy()) > most
        self._judge(column, beyond, field, f"the number is beyond {reason}", required=required)
        return without(numbers, beyond)

    def _plausible(self, given: Column, instants: Column, field: str, required: bool) -> Column:
        moments = instants.to_numpy(dtype="datetime64[us]")  # in UTC
        unread = given.notna().to_numpy() & np.isnat(moments)
        self._judge(given, unread, field, "expected a date and time", is_no_date, required)
        earliest, last = (np.datetime64(one.replace(tzinfo=None)) for one in (EARLIEST, latest()))
        odd = (moments < earliest) | (moments > last)
        reason = "the date is before 2000 or in the future"
        self._judge(given, odd, field, reason, is_no_date, required)
        return without(instants, odd)

    def _judge(
        self,
        column: Column,
        odd: "Column | Sequence[bool]",
        field: str,
        reason: str,
        stands_for_nothing: StandsForNothing = lambda _: False,
        required: bool = False,
    ) -> None:
        """What becomes of the values of `column` that are `odd`: see `values`."""
        if required:
            self.reject(odd, field, reason)
            return
        for index in places(odd):
            value = column.iat[index]
            if not is_missing(value):
                said = NO_VALUE if stands_for_nothing(value) else reason
                self.note_at(index, field, said)

    def tell(self, names: Iterable[str]) -> None:
        """Tells that there are fields which no mapping knows."""
        for name in names:
            if len(self._new) >= MOST_NEW_FIELDS:
                return
            self._new.add(payload.storable(name)[:LONGEST_NAME])


class Parts(Columns):
    """The objects in the records' list `field`, by field. `owners`: the place of each one's record.

    Read its columns, then make `rows` of them.
    """

    def __init__(
        self, whole: Columns, field: str, owners: list[int], parts: Sequence[Record]
    ) -> None:
        super().__init__(parts, whole.account)
        self._whole = whole
        self._field = field
        self._owners = owners

    def rows(self, columns: Mapping[str, Any]) -> pd.DataFrame:
        """A row an object, with its `position` from 1; the index is its record's place. What
        couldn't be read, and what is new, is the record's.
        """
        for place, faults in self._faults.items():
            for name, reason in faults.items():
                self._whole.note_at(self._owners[place], f"{self._field}.{name}", reason)
        self._whole.tell(f"{self._field}.{name}" for name in sorted(self._new))
        owners = pd.Series(self._owners, dtype="int64")
        frame = pd.DataFrame({"position": owners.groupby(owners).cumcount() + 1, **columns})
        return frame.set_index(pd.Index(self._owners, dtype="int64"))


def _inner_names(records: Iterable[Record], holder: str) -> Iterator[str]:
    """The dotted names of all fields in the records' object `holder`."""
    held = (value for record in records if isinstance(value := record.get(holder), dict))
    return (f"{holder}.{name}" for name in dict.fromkeys(chain.from_iterable(held)))


def _leave_out(records: Iterable[Record], holder: str, names: set[str]) -> None:
    """Takes the fields of these dotted names out of the records' object `holder`, and what is
    empty; and the object if nothing is left of it.
    """
    for record in records:
        if not isinstance(value := record.get(holder), dict):
            continue
        record[holder] = {
            name: inner
            for name, inner in value.items()
            if f"{holder}.{name}" not in names and inner not in (None, "")
        }
        if not record[holder]:
            del record[holder]


def _has_dots(column: Column, pattern: "re.Pattern[str]") -> Any:
    """Where the value is a text like that, which has dots."""
    return np.array(
        [isinstance(v, str) and "." in v and pattern.fullmatch(v) is not None for v in column],
        dtype=bool,
    )
