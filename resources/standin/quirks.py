"""Habits of a server that last until it gives them up, each a small change to what it lists.

A fault spoils one answer; a quirk is how this server always answers. Documents don't tell of them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import orjson

from resources.standin.answer import Answer, Ask, RefusalError


@dataclass
class Listing:
    """A list that was asked for, before a page of it is cut out."""

    rows: list[Any]
    start: int
    """The place in the list at which the page begins."""
    limit: int | None
    """How many rows the page may have; None: there are no pages."""
    total: int
    """How many rows the server says there are."""
    today: date
    day_of: Callable[[Any], date | None]
    """A row's local day; None if nobody knows."""
    told_start: int
    """Where the page begins, as the answer says."""

    def keep(self, rows: list[Any]) -> None:
        """These are all that there is."""
        self.rows, self.total = rows, len(rows)

    @property
    def page(self) -> list[Any]:
        return self.rows[self.start :][: self.limit]


def _as_asked(ask: Ask) -> Ask:
    return ask


def _included(end: datetime) -> datetime:
    return end


def _as_it_is(_: Listing) -> None:
    """A quirk of reading questions only."""


@dataclass(frozen=True)
class Quirk:
    """One habit. Made by its class methods; `Quirk(name, …)` makes more."""

    name: str
    change: Callable[[Listing], None] = _as_it_is
    read: Callable[[Ask], Ask] = _as_asked
    """What the server makes of a question."""
    until: Callable[[datetime], datetime] = _included
    """The last moment that it shows of a span with this end."""

    @classmethod
    def named(cls, name: str, **settings: Any) -> Quirk:
        """A quirk by the name of the class method that makes it, for other processes."""
        quirk = getattr(cls, name)(**settings)
        assert isinstance(quirk, Quirk)
        return quirk

    @classmethod
    def page_cap(cls, size: int) -> Quirk:
        """At most so many rows a page, whatever `limit` says."""

        def read(ask: Ask) -> Ask:
            asked = ask.query.get("limit", "")
            limit = min(size, int(asked)) if asked.isdecimal() else size
            return replace(ask, query={**ask.query, "limit": str(limit)})

        return cls("page_cap", read=read)

    @classmethod
    def first_page_only(cls) -> Quirk:
        """Where a page begins is ignored, though the answer says otherwise where it says it."""

        def change(listing: Listing) -> None:
            listing.start = 0

        return cls("first_page_only", change)

    @classmethod
    def last_page_again(cls, says_so: bool = False) -> Quirk:
        """Beyond the end the last page comes, for ever."""

        def change(listing: Listing) -> None:
            if listing.limit and listing.rows and listing.start >= len(listing.rows):
                listing.start = (len(listing.rows) - 1) // listing.limit * listing.limit
                if says_so:
                    listing.told_start = listing.start

        return cls("last_page_again", change)

    @classmethod
    def none_beyond(cls, status: int = 404) -> Quirk:
        """A page beyond the end is refused, as frameworks' paginators do."""

        def change(listing: Listing) -> None:
            if listing.start and listing.start >= len(listing.rows):
                said = {"status": status, "message": "Not found"}
                raise RefusalError(Answer(status, None if status == 204 else {"meta": said}))

        return cls("none_beyond", change)

    @classmethod
    def deep_pages_refused(cls, start: int, status: int = 400) -> Quirk:
        """A page that begins at this row, or after it, is refused."""

        def change(listing: Listing) -> None:
            if listing.start >= start:
                raise RefusalError(Answer(status, {"error": "too deep"}))

        return cls("deep_pages_refused", change)

    @classmethod
    def empty_from(cls, start: int, to: int | None = None) -> Quirk:
        """A page that begins at this row, or after it (and before `to`), is empty."""

        def change(listing: Listing) -> None:
            if start <= listing.start and (to is None or listing.start < to):
                listing.rows = listing.rows[: listing.start]

        return cls("empty_from", change)

    @classmethod
    def cached_page(cls, times: int = 1) -> Quirk:
        """So many pages beyond the first are answered with the first one."""
        left = count(1)

        def change(listing: Listing) -> None:
            if listing.start and next(left) <= times:
                listing.start = 0

        return cls("cached_page", change)

    @classmethod
    def no_order(cls) -> Quirk:
        """Each page is cut out of another order."""

        def change(listing: Listing) -> None:
            order = random.Random(listing.start)  # noqa: S311
            listing.rows = order.sample(listing.rows, len(listing.rows))

        return cls("no_order", change)

    @classmethod
    def ties(cls, field: str) -> Quirk:
        """Rows that have the same there are in another order on each page."""

        def change(listing: Listing) -> None:
            order = random.Random(listing.start)  # noqa: S311
            rows = order.sample(listing.rows, len(listing.rows))
            listing.rows = sorted(rows, key=lambda row: str(row[field]))

        return cls("ties", change)

    @classmethod
    def deleted_meanwhile(cls) -> Quirk:
        """From its second page on, the list has lost its first row."""

        def change(listing: Listing) -> None:
            if listing.start:
                listing.rows = listing.rows[1:]

        return cls("deleted_meanwhile", change)

    @classmethod
    def page_numbers(cls, size: int) -> Quirk:
        """Where a page begins is taken for its number."""

        def change(listing: Listing) -> None:
            listing.start *= size

        return cls("page_numbers", change)

    @classmethod
    def total_of_page(cls) -> Quirk:
        """The total is that of the page."""

        def change(listing: Listing) -> None:
            listing.total = len(listing.page)

        return cls("total_of_page", change)

    @classmethod
    def total_beside_rows(cls) -> Quirk:
        """A page without rows counts none, as SQL's `count(*) OVER ()` does."""

        def change(listing: Listing) -> None:
            if not listing.page:
                listing.total = 0

        return cls("total_beside_rows", change)

    @classmethod
    def total_capped(cls, most: int) -> Quirk:
        """No total is larger than this."""

        def change(listing: Listing) -> None:
            listing.total = min(listing.total, most)

        return cls("total_capped", change)

    @classmethod
    def cut_off(cls, most: int) -> Quirk:
        """No list has more rows, nor does it count others."""
        return cls("cut_off", lambda listing: listing.keep(listing.rows[:most]))

    @classmethod
    def gaps(cls, every: int) -> Quirk:
        """Every so many places of the list belong to a deleted row: they count for where a page
        begins and ends, and nothing is shown of them.
        """

        def before(place: int) -> int:
            """Rows that are shown before a place of the list."""
            return place - place // every

        def change(listing: Listing) -> None:
            if listing.limit is not None:
                end = before(listing.start + listing.limit)
                listing.start = before(listing.start)
                listing.limit = max(end - listing.start, 0)

        return cls("gaps", change)

    @classmethod
    def nothing_found(cls, reason: str = "Nenhum registro encontrado") -> Quirk:
        """An empty list is an error that says so, in Vono's envelope."""

        def change(listing: Listing) -> None:
            if not listing.rows:
                said = {"error": 1, "reason": reason, "total_records": 0, "data": []}
                raise RefusalError(Answer(body=orjson.dumps(said)))  # no fault finds a row in it

        return cls("nothing_found", change)

    @classmethod
    def rows_twice(cls, every: int = 1) -> Quirk:
        """Every so many rows stand in the list twice, and are counted twice."""

        def change(listing: Listing) -> None:
            listing.rows = [
                row
                for place, row in enumerate(listing.rows)
                for _ in range(1 if place % every else 2)
            ]
            listing.total = len(listing.rows)

        return cls("rows_twice", change)

    @classmethod
    def growing_total(cls) -> Quirk:
        """Each page after the first counts one row more than the page before."""

        def change(listing: Listing) -> None:
            if listing.limit:
                listing.total += listing.start // listing.limit

        return cls("growing_total", change)

    # What it shows of what it has.

    @classmethod
    def end_excluded(cls) -> Quirk:
        """A span's end isn't in it, though its document has it so."""
        return cls("end_excluded", until=lambda end: end - timedelta(microseconds=1))

    @classmethod
    def end_included(cls) -> Quirk:
        """A span's end is in it, though the question has it otherwise."""
        return cls("end_included", until=lambda end: end + timedelta(microseconds=1))

    @classmethod
    def forgets(cls, days: int) -> Quirk:
        """Days that are so old, or older, are empty."""

        def change(listing: Listing) -> None:
            oldest = listing.today - timedelta(days=days)
            listing.keep([row for row in listing.rows if (listing.day_of(row) or oldest) > oldest])

        return cls("forgets", change)

    @classmethod
    def part_only(cls, rows: int) -> Quirk:
        """Only so many rows of a day, and it counts no others."""

        def change(listing: Listing) -> None:
            shown: Counter[date | None] = Counter()
            kept = []
            for row in listing.rows:
                shown[listing.day_of(row)] += 1
                if shown[listing.day_of(row)] <= rows:
                    kept.append(row)
            listing.keep(kept)

        return cls("part_only", change)

    @classmethod
    def narrow(cls, shows: str = "none") -> Quirk:
        """Of a list of several days it shows "none", the "first" or the "last", and counts no
        others.
        """

        def change(listing: Listing) -> None:
            days = sorted({listing.day_of(row) or date.min for row in listing.rows})
            if len(days) > 1:
                shown = {"none": None, "first": days[0], "last": days[-1]}[shows]
                listing.keep([row for row in listing.rows if listing.day_of(row) == shown])

        return cls("narrow", change)

    @classmethod
    def ids_by_day(cls, field: str) -> Quirk:
        """A record's id is its number within its day: every day begins with 1 again."""
        numbers: dict[date | None, dict[Any, int]] = {}

        def change(listing: Listing) -> None:
            shown = []
            for row in listing.rows:
                known = numbers.setdefault(listing.day_of(row), {})
                number = known.setdefault(row[field], len(known) + 1)
                shown.append(row | {field: type(row[field])(number)})
            listing.rows = shown

        return cls("ids_by_day", change)

    @classmethod
    def any_order(cls, seed: int = 0) -> Quirk:
        """Another order whenever a list is asked for from its beginning."""
        lists = count(seed)
        order = [0]

        def change(listing: Listing) -> None:
            if not listing.start:
                order[0] = next(lists)
            listing.rows = random.Random(order[0]).sample(listing.rows, len(listing.rows))  # noqa: S311

        return cls("any_order", change)

    @classmethod
    def signed(cls, field: str = "recording_url") -> Quirk:
        """A link with another signature in each answer."""
        answers = count(1)

        def change(listing: Listing) -> None:
            link = f"https://vendor.example/file?signature={next(answers)}"
            listing.rows = [
                row | {field: link} if isinstance(row, dict) else row for row in listing.rows
            ]

        return cls("signed", change)

    # How it writes what its document doesn't say. Fields are named with blanks between them.

    @classmethod
    def clocks(cls, fields: str) -> Quirk:
        """Seconds as HH:MM:SS."""
        return cls("clocks", _rewriting(fields, _clock))

    @classmethod
    def zero_dates(cls, fields: str) -> Quirk:
        """What hasn't happened as MySQL has it."""
        return cls("zero_dates", _rewriting(fields, lambda value: value or "0000-00-00 00:00:00"))

    @classmethod
    def nothing_as(cls, fields: str, placeholder: Any = "N/A") -> Quirk:
        """Another value for what is null, or empty."""

        def write(value: Any) -> Any:
            return placeholder if value in (None, "") else value

        return cls("nothing_as", _rewriting(fields, write))


def _rewriting(fields: str, write: Callable[[Any], Any]) -> Callable[[Listing], None]:
    names = fields.split()

    def change(listing: Listing) -> None:
        listing.rows = [
            row | {name: write(row[name]) for name in names if name in row}
            if isinstance(row, dict)
            else row
            for row in listing.rows
        ]

    return change


def _clock(value: Any) -> Any:
    if not str(value).isdecimal():
        return value
    minutes, seconds = divmod(int(value), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
