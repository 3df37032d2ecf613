"""What is written down about loading itself: days' completeness, streams' state. No records."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection

from assets.loading.plan import PROBE_EVERY
from assets.loading.suppression import hide
from assets.loading.verdict import LONGEST_PAUSE, Counts, Reading, judge
from resources import payload
from resources.account import Account
from resources.foreign_text import short
from resources.vendor import AnyStream, DetailStream, Stream, Vendor
from resources.warehouse import execute

BODY = payload.digest(b"body")
"""Instead of a digest: of bodies that can't be read the newest one of a day is enough."""

FORGOTTEN = "(not kept: it names somebody who has been forgotten)"


@dataclass(frozen=True, slots=True)
class Trust:
    """What a failure says of the credential.

    `stopped_key`: its hash, where polls stop for it; `accepted`: the vendor answered it before;
    `refusals`: doubtful ones in a row, this one included.
    """

    stopped_key: str | None = None
    accepted: bool = False
    refusals: int = 0


def lock(connection: Connection, account: Account, stream: str) -> None:
    """Makes this transaction the only one that loads the account's stream."""
    execute(connection, "load/lock_stream", account=account.name, stream=stream)


def noted(vendor: Vendor, account: Account) -> dict[str, Any]:
    """What `ops.accounts` says of an account: what analysts need to know of it."""
    return {
        "account": account.name,
        "vendor": account.vendor,
        "timezone": str(account.timezone),
        "country": account.country,
        "currency": account.currency,
        "start_date": account.start_date.isoformat(),
        "streams": list(account.streams),
        "tells": sorted(vendor.tells),
    }


def note_accounts(connection: Connection, vendor: Vendor, accounts: Collection[Account]) -> None:
    """Writes down what analysts need to know of the accounts, where it isn't known yet."""
    told = [noted(vendor, account) for account in accounts]
    execute(connection, "load/note_accounts", accounts=payload.encode(told).decode())


def count_days(
    connection: Connection,
    account: Account,
    stream: AnyStream,
    days: Collection[date],
    now: datetime,
) -> dict[date, Counts]:
    """Counts the days anew in `ops.days`."""
    if not days:
        return {}
    where = _where(account, stream)
    ordered = sorted(days)
    target = stream.target
    counted = ("load/count", target) if target.kind.is_counted else ("load/count_details", None)
    facts = {
        row.call_date: row.facts for row in execute(connection, *counted, days=ordered, **where)
    }
    rows = execute(
        connection,
        "load/refresh_days",
        days=ordered,
        facts=[facts.get(day, 0) for day in ordered],
        replaces=stream.replaces,
        timezone=account.timezone.key,
        start_date=account.start_date,
        erases=False,
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
        )
        for row in rows
    }


def open_day(
    connection: Connection, account: Account, stream: AnyStream, day: date, now: datetime
) -> bool:
    """A poll looked at the day. Returns whether it is the first that is known of it."""
    row = execute(connection, "load/open_day", day=day, timezone=account.timezone.key, now=now,
                  **_where(account, stream))[0]  # fmt: skip
    return bool(row.is_first)


def close_days(
    connection: Connection,
    account: Account,
    stream: Stream,
    counts: dict[date, Counts],
    reading: Reading,
    counted: tuple[int | None, int],
    observed_at: datetime,
    now: datetime,
) -> set[date]:
    """Judges the counted days that were read in full; returns those whose state changed.
    `counted`: the vendor's total, if it is one day's, and how many repeats are in it.
    """
    total, repeats = counted
    turned: set[date] = set()
    for day, count in counts.items():
        verdict = judge(stream, account, day, count, reading)
        doubt = reading.doubts.get(day)
        closed = execute(
            connection,
            "load/close_day",
            day=day,
            state=verdict.state,
            note=verdict.note,
            next_read_at=verdict.next_read_at,
            attempts=verdict.attempts,
            rejected=count.rejected,
            same_rejects=verdict.same_rejects,
            lacking=doubt and doubt.digest,
            lacking_records=doubt and doubt.lacking,
            doubted_since=doubt and doubt.since,
            vendor_total=total,
            repeats=repeats,
            read_at=observed_at,
            now=now,
            **_where(account, stream),
        )
        if closed and verdict.state != count.state:
            turned.add(day)
    return turned


def note_success(
    connection: Connection,
    account: Account,
    stream: AnyStream,
    now: datetime,
    *,
    watermark: datetime | None = None,
    accepted: bool = True,
    largest_page: int | None = None,
    read: int | None = None,
) -> None:
    """A read went well; with `watermark` it was a live one, which moves it forwards. `accepted`:
    the vendor was asked, and took the credential. `largest_page`: records of the largest one that
    has come. `read`: the lease that is over with it.
    """
    live = watermark is not None
    execute(
        connection,
        "load/note_success",
        vendor=account.vendor,
        live=live,
        watermark=watermark,
        next_due_at=now + account.poll_every if live else None,
        accepted=accepted,
        probe_every=PROBE_EVERY,
        largest_page=largest_page,
        read=read,
        now=now,
        **_where(account, stream),
    )


def note_fields(
    connection: Connection, account: Account, stream: AnyStream, fields: Collection[str]
) -> set[str]:
    """Writes down what no mapping knows; returns what of it was never told before."""
    if not fields:
        return set()
    rows = execute(connection, "load/note_fields", vendor=account.vendor, fields=sorted(fields),
                   **_where(account, stream))  # fmt: skip
    return {name for row in rows for name in row.new}


def note_failure(
    connection: Connection,
    account: Account,
    stream: AnyStream,
    days: tuple[date, ...],
    error: str,
    now: datetime,
    *,
    live: bool,
    trust: Trust,
) -> None:
    """A read failed: its days aren't complete. Whether polls go on is a matter of `trust`."""
    where, error = _where(account, stream), hide(connection, account, stream, error)
    if days:
        longest = stream.retry_every if isinstance(stream, DetailStream) else LONGEST_PAUSE
        execute(connection, "load/fail_days", days=list(days), note=error, longest=longest,
                timezone=account.timezone.key, now=now, **where)  # fmt: skip
    execute(connection, "load/note_failure", vendor=account.vendor, error=error, live=live,
            stopped_key=trust.stopped_key, accepted=trust.accepted, refusals=trust.refusals,
            probe_every=PROBE_EVERY, now=now, **where)  # fmt: skip


def note_deferred(
    connection: Connection,
    account: Account,
    stream: AnyStream,
    days: tuple[date, ...],
    reason: str,
    until: datetime,
    now: datetime,
    *,
    live: bool,
) -> None:
    """A limit grants the read only at `until`; nothing is wrong."""
    where = _where(account, stream)
    if live:
        execute(connection, "load/note_deferred", vendor=account.vendor, reason=reason,
                until=until, now=now, **where)  # fmt: skip
    else:
        execute(connection, "load/defer_days", days=list(days), note=reason, until=until, **where)


def keep_body(
    connection: Connection,
    account: Account,
    stream: AnyStream,
    day: date,
    body: bytes | bytearray,
    why: str,
) -> None:
    """An answer that couldn't be read, redacted already, among the rejects; without any word of
    it, if it is about somebody who has been forgotten.
    """
    told = body.decode("utf-8", "replace")
    if hide(connection, account, stream, told) != told:
        told = FORGOTTEN
    text, why = payload.encode(told).decode(), hide(connection, account, stream, why)
    execute(connection, "load/keep_body", day=day, digest=BODY, reason=short(payload.storable(why)),
            payload=text, **_where(account, stream))  # fmt: skip


def resolve_bodies(
    connection: Connection, account: Account, stream: AnyStream, days: Collection[date]
) -> set[date]:
    """Answers for these days can be read again. Returns those where they couldn't be."""
    rows = execute(connection, "load/resolve_bodies", days=sorted(days), **_where(account, stream))
    return {row.call_date for row in rows}


def _where(account: Account, stream: AnyStream) -> dict[str, Any]:
    return {"account": account.name, "stream": stream.name}
