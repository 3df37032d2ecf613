"""What a full read of a day no longer returns: marked, never deleted; unmarked when it is back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice

from sqlalchemy.engine import Connection

from assets.loading.tally import Tally
from resources.account import Account
from resources.copy_text import lines, texts
from resources.vendor import Stream
from resources.warehouse import copy, execute
from resources.windows import ONE_DAY, business_day

KEYS_AT_ONCE = 10_000


@dataclass(slots=True)
class Known:
    """How what is known of days compares with what a full read of them showed."""

    gone: dict[str, date] = field(default_factory=dict)
    """Records that it doesn't show, with their day."""
    unscoped: list[str] = field(default_factory=list)
    """Records that it shows, and that the account's options were never seen to ask for."""
    later: set[date] = field(default_factory=set)
    """Days with records that it doesn't show, but that came after it was asked for."""


def compare(
    connection: Connection,
    account: Account,
    stream: Stream,
    days: Sequence[date],
    seen: set[str],
    asked_at: datetime,
) -> Known:
    """Answers can't judge what came later than they were asked for, nor what a narrowed account
    didn't ask for.
    """
    execute(connection, "load/stage_seen")
    copy(connection, "stage_seen", ["record_key"], _key_lines(seen))
    rows = execute(
        connection,
        "load/known_keys",
        account=account.name,
        stream=stream.name,
        days=list(days),
        observed_at=asked_at,
    )
    known = Known()
    for row in rows:
        if row.is_seen:
            known.unscoped.append(row.record_key)
        elif not row.is_before:
            known.later.add(row.call_date)
        elif row.is_in_scope:
            known.gone[row.record_key] = row.call_date
    return known


def note_missing(
    connection: Connection,
    account: Account,
    stream: Stream,
    days: Sequence[date],
    seen: set[str],
    asked_at: datetime,
    now: datetime,
    tally: Tally,
) -> set[date]:
    """Marks what the read asked for at `asked_at` doesn't show. Returns days of which it can't
    say all.
    """
    where = {"account": account.name, "stream": stream.name, "observed_at": asked_at}
    scope = account.options.model_dump_json()
    execute(connection, "load/note_scope", vendor=account.vendor, scope=scope, **where)
    known = compare(connection, account, stream, days, seen, asked_at)
    if known.unscoped:
        execute(connection, "load/take_into_scope", keys=known.unscoped, **where)
    gone = known.gone
    if not gone:
        return known.later
    keys, gone_days = list(gone), sorted(set(gone.values()))
    execute(connection, "load/mark_missing_heads", keys=keys, **where)
    for table in stream.tables:
        execute(connection, "load/mark_missing", table, days=gone_days, keys=keys, **where)
    execute(connection, "load/mark_stale", days=gone_days)
    del where["observed_at"]
    if stream.replaces:
        execute(connection, "load/resolve_gone", keys=keys, **where)
    else:
        execute(
            connection,
            "load/reopen_days",
            but=list(days),
            since=business_day(now - stream.settle, account.timezone) - ONE_DAY,
            neighbours=[day + step for day in gone_days for step in (-ONE_DAY, ONE_DAY)],
            now=now,
            **where,
        )
    tally.days.update(gone_days)
    for day in gone.values():
        tally.by_day[day].missing += 1
    return known.later


def _key_lines(seen: set[str]) -> Iterator[str]:
    """The keys as COPY's text, a piece at a time: a window may show a million."""
    keys = iter(seen)
    while piece := list(islice(keys, KEYS_AT_ONCE)):
        yield from lines([texts(piece)])
