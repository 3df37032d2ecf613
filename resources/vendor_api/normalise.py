"""Records to typed columns with pandas: what can't be read is NULL, and noted with the reason.

A vendor's mapping reads each field once through `Columns`, says which column of `facts` it
becomes, and never looks at a record itself. What a value may be is in
`resources.vendor_api.values`. A wrong value costs its field; a `required` one costs the record,
which is rejected.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
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
    are_texts,
    as_floats,
    ends_with_offset,
    objects,
    places,
    unread,
    without,
)
from resources.vendor_api.sizes import CUT, LEFT_OUT, LONGEST_TEXT, are_small, cut, without_largest
from resources.vendor_api.values import (
    clock_seconds,
    digits,
    is_decimal,
    is_missing,
    is_no_count,
    is_no_date,
    is_no_value,
    word,
)
from resources.vendor_api.vendor import Facts, Record
from resources.vendor_api.verdicts import LONGEST_NAME, Verdicts

THOUSANDS = re.compile(r"\s*[+-]?\d{1,3}(?:\.\d{3})+\s*", re.ASCII)
"""A text that is a thousand times more where dots part thousands."""
MILLIONS = re.compile(r"\s*[+-]?\d{1,3}(?:\.\d{3}){2,}\s*", re.ASCII)
"""One that can't be anything else."""
BIGINT = float(2**63 - 1024)
"""The largest bigint that a float can hold."""
INTEGER = float(2**31 - 1)
THIS_MOMENT = {"now", "today"}
"""Texts that pandas reads as the moment at which it reads them, whatever the pattern."""
BOOLEANS = {True: True, False: False, "true": True, "false": False, "1": True, "0": False}
EXPECTED_SECONDS = "expected a number of seconds, MM:SS or HH:MM:SS"
NO_LIST = "expected a list of objects"
MOST_NEW_VALUES = 5
"""So many values of one field and batch are reported as new: it may be anything but a list."""
MOST_LEFT_OUT = 5
"""So many of a record's fields that are left out are named."""


class Columns(Verdicts):
    """A batch of records by field, and the verdicts on what can't be read of them."""

    def __init__(self, records: Sequence[Record], account: Account) -> None:
        super().__init__(len(records))
        self.account = account
        self._records = records
        self._read: set[str] = set()

    def values(self, field: str) -> Column:
        """The field as sent, '' as missing; a dot goes into a nested object (`call_flow.id`)."""
        return objects(self._values(field))

    def text(self, field: str, required: bool = False) -> Column:
        """Strings; numbers as their digits. What Postgres can't keep of one is replaced in it, and
        what is longer than LONGEST_TEXT is cut.
        """
        return objects(self._texts(self._values(field), field, required))

    def number(self, field: str, required: bool = False) -> Column:
        """Finite numbers up to a bigint, also as strings with a decimal point."""
        values = self._values(field, required)
        numbers = self._unambiguous(values, field, required)
        odd = unread(values, np.isnan(numbers))
        self.judge(values, odd, field, "expected a number", is_no_value, required)
        return pd.Series(self._bounded(numbers, values, field, required))

    def integer(self, field: str, required: bool = False, most: float = BIGINT) -> Column:
        """Counts, as pandas' nullable Int64; `most` = INTEGER for a column so small."""
        values = self._values(field, required)
        numbers = as_floats(values)
        odd = np.floor(numbers) != numbers
        odd[_dotted(values, THOUSANDS)] = True
        at = unread(values, odd)
        self.judge(values, at, field, "expected a whole number", is_no_count, required)
        negative = numbers < 0
        reason = "a count can't be negative"
        self.judge(values, places(negative), field, reason, is_no_count, required)
        numbers[odd | negative] = np.nan
        return pd.Series(self._bounded(numbers, values, field, required, most)).astype("Int64")

    def decimal(self, field: str) -> Column:
        """Numbers that must keep every digit (money): checked, and left as the text they were."""
        given, is_number = self._values(field), self.number(field).notna()
        exact = objects(
            str(value).strip() if known else None
            for value, known in zip(given, is_number, strict=True)
        )
        odd = is_number & ~exact.map(lambda text: text is not None and is_decimal(text))
        self.judge(given, places(odd), field, "has more digits than can be kept")
        return exact.where(~odd, None)

    def seconds(self, field: str, per_second: int = 1, required: bool = False) -> Column:
        """Durations in seconds, also as `MM:SS` or `HH:MM:SS`; `per_second` = 1000 for a number of
        milliseconds.
        """
        values = self._values(field, required)
        numbers = self._unambiguous(values, field, required)
        seconds = self._bounded(numbers, values, field, required) / per_second
        if odd := unread(values, np.isnan(numbers)):
            seconds[odd] = [clock_seconds(values[place]) for place in odd]
            odd = [place for place in odd if np.isnan(seconds[place])]
            self.judge(values, odd, field, EXPECTED_SECONDS, is_no_count, required)
        negative = places(seconds < 0)
        reason = "a duration can't be negative"
        self.judge(values, negative, field, reason, is_no_count, required)
        seconds[negative] = np.nan
        return pd.Series(seconds)

    def boolean(self, field: str) -> Column:
        """True and False, also as 1 and 0 or their strings."""
        values = self._values(field)
        plain = values
        if not {dict, list}.isdisjoint(map(type, values)):
            plain = [None if isinstance(value, dict | list) else value for value in values]
        meanings = {
            value: BOOLEANS.get(value.lower() if isinstance(value, str) else value)
            for value in set(plain)
        }
        read = [meanings[value] for value in plain]
        odd = unread(values, [value is None for value in read])
        self.judge(values, odd, field, "expected true or false", is_no_count)
        return objects(read)

    def object(self, field: str) -> Column:
        """Objects, as they came."""
        values = self._values(field)
        found = [value if isinstance(value, dict) else None for value in values]
        odd = unread(values, [value is None for value in found])
        self.judge(values, odd, field, "expected an object", is_no_value)
        return objects(self._within(index, value, field) for index, value in enumerate(found))

    def instant(self, field: str, pattern: str = "ISO8601", required: bool = False) -> Column:
        """Instants with an offset; in UTC where the vendor's `pattern` has none."""

        def read(texts: Column) -> Column:
            return pd.to_datetime(texts, format=pattern, errors="coerce", utc=True)

        texts, instants = self._dates(field, read, required)
        if pattern == "ISO8601":
            odd = places(instants.notna().to_numpy() & ~ends_with_offset(texts))
            reason = "expected a date and time with its offset"
            self.judge(texts, odd, field, reason, is_no_date, required)
            instants = without(instants, odd)
        return self._plausible(texts, instants, field, required)

    def epoch(self, field: str, required: bool = False) -> Column:
        """Instants as seconds since 1970."""
        values = self._values(field, required)
        numbers = as_floats(values)
        odd = unread(values, np.isnan(numbers))
        self.judge(values, odd, field, "expected a number", is_no_date, required)
        known = np.where(np.abs(numbers) < 1e11, numbers, np.nan)
        instants = pd.to_datetime(pd.Series(known), unit="s", utc=True)
        return self._plausible(values, instants, field, required)

    def local(self, field: str, pattern: str, required: bool = False) -> Column:
        """Wall times of the account's zone. Of an hour that comes twice, the first is meant; a
        time that clocks skip is the instant after the gap.
        """

        def read(texts: Column) -> Column:
            return pd.to_datetime(texts, format=pattern, errors="coerce")

        texts, naive = self._dates(field, read, required)
        zone: ZoneInfo = self.account.timezone
        first = np.ones(self.size, dtype=bool)
        aware = naive.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
        return self._plausible(texts, aware.dt.tz_convert(UTC), field, required)

    def end(self, field: str, ended_at: Column, started_at: Column) -> Column:
        """The instants of `field`, without those that are before the start."""
        odd = places(ended_at < started_at)
        for place in odd:
            self.note_at(place, field, "the end is before the start")
        return without(ended_at, odd)

    def mapped(self, field: str, mapping: Mapping[str, str], default: str | None = None) -> Column:
        """The field's value by `mapping`; `default` for what isn't in it, which is a new value."""
        return objects([mapping.get(value, default) for value in self._words(field, mapping)])

    def one_of(self, field: str, words: Iterable[str], required: bool = False) -> Column:
        """The field's texts, spelt as in `words`; what isn't one of them stays, as a new value."""
        return objects(self._words(field, words, required))

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
        lists = [payload.listed(value) for value in self._values(field)]
        odd = [not isinstance(value, list) and not is_missing(value) for value in lists]
        self.note(odd, field, NO_LIST)
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

    def facts(
        self,
        started_at: Column | None,
        tables: Mapping[str, pd.DataFrame],
        is_open: Column | None = None,
        alike: Collection[str] = (),
    ) -> Facts:
        """The batch as facts, without the records that are rejected. `alike`: see Facts."""
        bad = list(self.rejects)
        kept = dict(tables)
        if bad:
            kept = {name: frame.drop(index=bad, errors="ignore") for name, frame in kept.items()}
        return Facts(
            tables=kept,
            started_at=started_at,
            rejects=[self.rejects[index] for index in sorted(bad)],
            faults={i: faults for i, faults in self.faults.items() if i not in self.rejects},
            is_open=is_open,
            alike=frozenset(alike),
            new_fields=frozenset(self.new_fields),
        )

    def _values(self, field: str, required: bool = False) -> list[Any]:
        """As `values`. A list: a series is made once, of what becomes a column."""
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
            self.note(odd, name, "expected an object")
            values = [value.get(inner) if isinstance(value, dict) else None for value in values]
        if "" in values:
            values = [None if value == "" else value for value in values]
        if required:
            self.require(values, field)
        return values

    def _texts(self, values: list[Any], field: str, required: bool = False) -> list[Any]:
        """The field's values as texts, or nothing."""
        if not are_texts(values):
            odd = [isinstance(value, dict | list | bool) for value in values]
            self.judge(values, places(odd), field, "expected text", required=required)
            values = [
                value
                if value is None or isinstance(value, str)
                else None
                if nested
                else digits(value)
                for value, nested in zip(values, odd, strict=True)
            ]
        # One look at all of them: hardly a batch has a blank, or such a character, or a long one.
        told = list(filter(None, values))
        if any(map(str.isspace, told)):
            values = [None if is_missing(value) else value for value in values]
        if payload.unstorable("".join(told)):
            values = [payload.storable(value) for value in values]
        if max(map(len, told), default=0) > LONGEST_TEXT // 4:  # a character may have four bytes
            short = [value and cut(value) for value in values]
            self.note([new != old for new, old in zip(short, values, strict=True)], field, CUT)
            values = short
        if required:
            self.require(values, field)
        return values

    def _words(self, field: str, words: Iterable[str], required: bool = False) -> list[Any]:
        """Texts, those among `words` as these are spelt; others are told."""
        values = self._texts(self._values(field), field, required)
        spelt = {word(one): one for one in words}
        known = {value: spelt.get(word(value)) for value in dict.fromkeys(values) if value}
        new = (value for value, one in known.items() if one is None)
        self.new_fields.update(f"{field}={value[:40]}" for value in islice(new, MOST_NEW_VALUES))
        return [known.get(value) or value for value in values]

    def _dates(
        self, field: str, read: Callable[[Column], Column], required: bool
    ) -> tuple[list[Any], Column]:
        """The field's texts, and what they are read as. Where all are read, they are as they came:
        nothing else is to be looked for in them.
        """
        values = self._values(field)
        if are_texts(values) and THIS_MOMENT.isdisjoint(values):
            dates = read(objects(values))
            if not unread(values, dates.isna()):
                if required:
                    self.require(values, field)
                return values, dates
        texts = self._texts(values, field, required)
        return texts, read(objects(None if text in THIS_MOMENT else text for text in texts))

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

    def _unambiguous(self, values: list[Any], field: str, required: bool) -> Any:
        """Numbers and their texts as an array of floats. Where one text of the batch has dots
        between thousands, those that may have one there, too, can't be read.
        """
        numbers = as_floats(values)
        if _dotted(values, MILLIONS):
            odd = _dotted(values, THOUSANDS)
            self.judge(values, odd, field, "a dot may part thousands", required=required)
            numbers[odd] = np.nan
        return numbers

    def _bounded(
        self, numbers: Any, values: list[Any], field: str, required: bool, most: float = BIGINT
    ) -> Any:
        reason = "a bigint" if most == BIGINT else f"{most:.0f}"
        beyond = places(np.abs(numbers) > most)
        self.judge(values, beyond, field, f"the number is beyond {reason}", required=required)
        numbers[beyond] = np.nan
        return numbers

    def _plausible(self, given: list[Any], instants: Column, field: str, required: bool) -> Column:
        moments = instants.to_numpy(dtype="datetime64[us]")  # in UTC
        lost = unread(given, np.isnat(moments))
        self.judge(given, lost, field, "expected a date and time", is_no_date, required)
        earliest, last = (np.datetime64(one.replace(tzinfo=None)) for one in (EARLIEST, latest()))
        odd = places((moments < earliest) | (moments > last))
        reason = "the date is before 2000 or in the future"
        self.judge(given, odd, field, reason, is_no_date, required)
        return without(instants, odd)


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
        for place, faults in self.faults.items():
            for name, reason in faults.items():
                self._whole.note_at(self._owners[place], f"{self._field}.{name}", reason)
        self._whole.tell(f"{self._field}.{name}" for name in sorted(self.new_fields))
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


def _dotted(values: list[Any], pattern: "re.Pattern[str]") -> list[int]:
    """The places of texts like that, which have dots."""
    if str not in map(type, values):
        return []
    return [
        place
        for place, value in enumerate(values)
        if isinstance(value, str) and "." in value and pattern.fullmatch(value)
    ]
