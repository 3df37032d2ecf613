"""What a full read of a day no longer returns: marked, never deleted; unmarked when it is back.

Silence isn't deletion. A read that shows much less than is known of a day is doubted: then nothing
is marked, until the same comes again on another day or an operator accepts it. A read that shows
nothing at all is never taken for a deletion without an operator's word.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy.engine import Connection

from assets.loading.account_stream import AccountStream
from assets.loading.full_read import Doubt
from assets.loading.result import Loaded, StateSum
from assets.loading.stream_state import note_scope
from resources.account import Distrust
from resources.postgres.copy_text import lines, texts
from resources.postgres.warehouse import copy, execute
from resources.text import payload
from resources.vendor_api.vendor import Stream
from resources.windows import ONE_DAY, business_day

KEYS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Lack:
    """What a full read doesn't show of a day's known records."""

    keys: list[str]
    shown: int
    """Records that it shows and that were known before it began."""
    known: int
    """All that were."""
    is_silent: bool
    """It shows no record of the day, known or new."""
    digest: str
    """Tells whether another read lacks the same."""
    noted: str | None
    """The digest that the last full read left, if it wasn't believed."""
    doubted_since: date | None
    """The account's day on which a read with the noted digest was doubted first."""
    accepted: str | None
    """The digest that an operator accepted."""

    @property
    def is_noted(self) -> bool:
        """Whether the last full read lacked the same."""
        return self.noted == self.digest

    def is_plausible(self, distrust: Distrust) -> bool:
        """Whether so much may be gone."""
        if self.is_silent or (self.known and not self.shown):
            return False
        return self.known < distrust.from_records or (
            self.shown >= distrust.below_share * self.known
        )

    def doubt(self, distrust: Distrust, today: date, is_confirmed: bool) -> Doubt | None:
        """Why it isn't believed yet; None when it is. `is_confirmed`: it isn't one answer alone
        that may have been cut short.
        """
        if self.accepted == self.digest:
            return None
        doubt = Doubt(self.digest, len(self.keys), self.shown, self.known, self.is_silent)
        if self.is_plausible(distrust):
            return None if is_confirmed or self.is_noted else doubt
        since = self.doubted_since if self.is_noted and self.doubted_since else today
        return None if since < today and not self.is_silent else replace(doubt, since=since)


@dataclass(slots=True)
class Comparison:
    """How what is known of days compares with what a full read of them showed."""

    lacks: dict[date, Lack] = field(default_factory=dict)
    unscoped: list[str] = field(default_factory=list)
    """Records that it shows, and that the account's options were never seen to ask for."""
    later: set[date] = field(default_factory=set)
    """Days with records that it doesn't show, but that came after it was asked for."""
    is_plain: bool = False
    """It showed all that is known, in the states in which it is known, and nothing else; and with
    none of it anything is wrong.
    """


@dataclass(frozen=True, slots=True)
class ReadKeys:
    """Days that were read in full: the keys that came, and when they were asked for."""

    days: Sequence[date]
    seen: set[str]
    began_at: datetime
    """Before anything was asked for: what came since isn't known, but new."""
    asked_at: datetime
    is_confirmed: bool = True
    """The answers agree with the vendor's total, or came twice."""
    is_telling: bool = True
    """Whatever came has a key, so that what isn't there can be named."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a read lacks of its days, and whether that is believed."""

    doubts: dict[date, Doubt] = field(default_factory=dict)
    """Days that lack known records, where that isn't believed."""
    disturbed: frozenset[date] = frozenset()
    """Days of which it can't say all."""
    confirmed: frozenset[date] = frozenset()
    """Days that lacked the same before, or where an operator says that it is right."""


def compare(
    connection: Connection, source: AccountStream[Stream], read: ReadKeys, landed: StateSum | None
) -> Comparison:
    """What the read lacks of the days' known records, except those that came after it was asked
    for, and those that the account's options leave out. Nothing, where all that there is `landed`:
    then the keys needn't be sent once more. None: something else may have landed as well.
    """
    note_scope(connection, source, read.asked_at)
    if landed and landed.records == len(read.seen):  # else some of it was read again, or left out
        where = source.where | {"days": list(read.days), "hashes": landed.hashes}
        same = execute(connection, "load/shows_all", records=landed.records, **where)[0]
        if same.shows_all:
            return Comparison(is_plain=same.is_plain)
    execute(connection, "load/stage_seen")
    copy(connection, "stage_seen", ["record_key"], _key_lines(read.seen))
    where = source.where | {"began_at": read.began_at}
    found = Comparison()
    gone: defaultdict[date, list[str]] = defaultdict(list)
    known: Counter[date] = Counter()
    for row in execute(
        connection, "load/known_keys", days=list(read.days), observed_at=read.asked_at, **where
    ):
        if row.is_seen:
            found.unscoped.append(row.record_key)
        elif not row.is_before:
            found.later.add(row.call_date)
        elif row.is_in_scope:
            gone[row.call_date].append(row.record_key)
            known[row.call_date] += row.was_known
    if gone:
        for row in execute(connection, "load/known_days", days=sorted(gone), **where):
            keys = sorted(gone[row.call_date])
            found.lacks[row.call_date] = Lack(
                keys=keys,
                shown=row.shown,
                known=row.shown + known[row.call_date],
                is_silent=not row.seen,
                digest=payload.digest("\0".join(keys).encode()),
                noted=row.lacking and row.lacking.hex,
                doubted_since=row.doubted_since,
                accepted=row.accepted and row.accepted.hex,
            )
    return found


def note_missing(
    connection: Connection,
    source: AccountStream[Stream],
    read: ReadKeys,
    found: Comparison,
    now: datetime,
    loaded: Loaded,
) -> Judged:
    """Marks what the read doesn't show (what it lacks was `found`), where that is believed."""
    where = source.where | {"observed_at": read.asked_at}
    if found.unscoped:
        execute(connection, "load/take_into_scope", keys=found.unscoped, **where)
    today = business_day(now, source.account.timezone)
    doubts: dict[date, Doubt] = {}
    gone: dict[date, Lack] = {}
    for day, lack in found.lacks.items():
        doubt = lack.doubt(source.account.distrust, today, read.is_confirmed)
        if doubt:
            doubts[day] = doubt
        elif read.is_telling:
            gone[day] = lack
    if gone:
        _mark(connection, source.stream, gone, where)
        loaded.days.update(gone)
        for day, lack in gone.items():
            loaded.by_day[day].missing += len(lack.keys)
    # What a day lacks may have moved to another: looked for there, but not at each doubted read.
    left = {*gone, *(day for day in doubts if doubts[day].since and not found.lacks[day].is_noted)}
    if left and not source.stream.replaces:
        execute(
            connection,
            "load/reopen_days",
            but=list(read.days),
            since=business_day(now - source.stream.settle, source.account.timezone) - ONE_DAY,
            neighbours=[day + step for day in left for step in (-ONE_DAY, ONE_DAY)],
            now=now,
            **source.where,
        )
    known = {day for day, lack in gone.items() if lack.is_noted or lack.accepted == lack.digest}
    return Judged(doubts, frozenset(found.later), frozenset(known))


def _mark(
    connection: Connection, stream: Stream, gone: dict[date, Lack], where: dict[str, Any]
) -> None:
    days, keys = sorted(gone), [key for lack in gone.values() for key in lack.keys]
    execute(connection, "load/mark_missing_heads", keys=keys, **where)
    for table in stream.tables:
        execute(connection, "load/mark_missing", table, days=days, keys=keys, **where)
    execute(connection, "load/mark_stale", account=where["account"], days=days)
    if stream.replaces:
        execute(connection, "load/resolve_gone", keys=keys, **where)


def _key_lines(seen: set[str]) -> Iterator[str]:
    """The keys as COPY's text, a piece at a time: a window may show a million."""
    keys = iter(seen)
    while piece := list(islice(keys, KEYS_AT_ONCE)):
        yield from lines([texts(piece)])
