"""What `ops` says of business days: figures, completeness, answers that couldn't be read."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.engine import Connection

from assets.loading.account_stream import AccountStream
from assets.loading.completeness import assess
from assets.loading.fact_counts import fact_counts
from assets.loading.full_read import Counts, FullRead
from assets.loading.personal.hidden import hide
from assets.loading.result import Loaded
from resources.postgres.warehouse import execute
from resources.text import payload
from resources.text.foreign_text import short
from resources.vendor_api.vendor import AnyStream, Stream
from resources.windows import ONE_DAY

BODY = payload.digest(b"body")
"""Instead of a digest: of bodies that can't be read the newest one of a day is enough."""

FORGOTTEN = "(not kept: it names somebody who has been forgotten)"


def count_days(
    connection: Connection,
    source: AccountStream[AnyStream],
    days: Collection[date],
    now: datetime,
    rebuilds: bool = False,
) -> dict[date, Counts]:
    """Counts the days again, into `ops.days`. What is gone for its age isn't counted any more, and
    not among those returned. `rebuilds`: what came is from raw alone.
    """
    if not days:
        return {}
    where = source.where
    ordered = sorted(days)
    rows = execute(
        connection,
        "load/refresh_days",
        days=ordered,
        facts=fact_counts(connection, source.account.name, source.stream, ordered),
        replaces=source.stream.replaces,
        timezone=source.account.timezone.key,
        start_date=source.account.start_date,
        erases=False,
        rebuilds=rebuilds,
        now=now,
        **where,
    )
    return {
        row.call_date: Counts(
            state=row.state,
            is_first=row.is_first,
            raw_records=row.raw_records,
            facts=row.facts,
            rejects=row.rejects,
            bad=row.bad,
            open_records=row.open_records,
            unkeyed=row.unkeyed,
            attempts=row.attempts,
            lacking=row.lacking and row.lacking.hex,
            rejected=row.rejected and row.rejected.hex,
            last_rejected=row.last_rejected and row.last_rejected.hex,
            same_rejects=row.same_rejects,
            was_complete=row.was_complete,
            same_since=row.same_since,
            suppressed=row.suppressed,
            missing=row.missing,
        )
        for row in rows
    }


def recount_days(
    connection: Connection,
    source: AccountStream[AnyStream],
    loaded: Loaded,
    now: datetime,
) -> None:
    """Brings `ops.days` up to what one batch wrote; what only grew isn't read for it."""
    known = set[date]()
    if loaded.grown:
        days = sorted(loaded.grown)
        grown = [loaded.grown[day] for day in days]
        rows = execute(
            connection,
            "load/grow_days",
            days=days,
            raw_records=[growth.raw_records for growth in grown],
            facts=[growth.facts for growth in grown],
            open_records=[growth.open_records for growth in grown],
            timezone=source.account.timezone.key,
            start_date=source.account.start_date,
            now=now,
            **source.where,
        )
        known = {row.call_date for row in rows}
    count_days(connection, source, loaded.days - known, now)


def open_day(
    connection: Connection, source: AccountStream[AnyStream], day: date, now: datetime
) -> bool:
    """A poll looked at the day. Returns whether it is the first that is known of it."""
    zone = source.account.timezone.key
    row = execute(connection, "load/open_day", day=day, timezone=zone, now=now, **source.where)[0]
    return bool(row.is_first)


def close_days(
    connection: Connection,
    source: AccountStream[Stream],
    counts: dict[date, Counts],
    reading: FullRead,
    now: datetime,
) -> set[date]:
    """Judges the counted days that were read in full; returns those whose state changed."""
    turned: set[date] = set()
    reading = replace(reading, silent=_silent(counts, reading))
    for day, count in counts.items():
        assessment = assess(source, day, count, reading)
        doubt = reading.doubts.get(day)
        closed = execute(
            connection,
            "load/close_day",
            day=day,
            state=assessment.state,
            note=assessment.note,
            next_read_at=assessment.next_read_at,
            attempts=assessment.attempts,
            rejected=count.rejected,
            same_rejects=assessment.same_rejects,
            lacking=doubt and doubt.digest,
            lacking_records=doubt and doubt.lacking,
            doubted_since=doubt and doubt.since,
            vendor_total=reading.vendor_total,
            repeats=reading.repeats,
            same_since=assessment.same_since,
            read_at=reading.asked_at or reading.read_at,
            now=now,
            **source.where,
        )
        if closed and assessment.state != count.state:
            turned.add(day)
    return turned


def _silent(counts: dict[date, Counts], reading: FullRead) -> frozenset[date]:
    """Days that count only when they have been asked for alone."""
    doubts = reading.doubts
    nothing = {
        day
        for day in reading.joined
        if not counts[day].raw_records + counts[day].unkeyed
        or (day in doubts and doubts[day].is_silent)
    }
    beside = {day + step for day in nothing for step in (-ONE_DAY, ONE_DAY)}
    return reading.joined & (nothing | beside)


def keep_body(
    connection: Connection,
    source: AccountStream[AnyStream],
    day: date,
    body: bytes | bytearray,
    why: str,
) -> None:
    """An answer that couldn't be read, redacted already, among the rejects; without any word of
    it, if it is about somebody who has been forgotten.
    """
    text = body.decode("utf-8", "replace")
    if hide(connection, source.account, text) != text:
        text = FORGOTTEN
    why = hide(connection, source.account, why)
    execute(connection, "load/keep_body", day=day, digest=BODY, reason=short(payload.storable(why)),
            payload=payload.encode(text).decode(), **source.where)  # fmt: skip


def resolve_bodies(
    connection: Connection, source: AccountStream[AnyStream], days: Collection[date]
) -> set[date]:
    """Answers for these days can be read again. Returns those where they couldn't be."""
    rows = execute(connection, "load/resolve_bodies", days=sorted(days), **source.where)
    return {row.call_date for row in rows}
