"""What is written down about loading itself: days' completeness, streams' state. No records."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection

from assets.verdict import Counts, judge
from resources.account import Account
from resources.vendor import AnyStream, Stream
from resources.warehouse import execute
from resources.windows import Window


def lock(connection: Connection, account: Account, stream: AnyStream) -> None:
    """Makes this transaction the only one that loads the account's stream."""
    execute(connection, "load/lock_stream", **_where(account, stream))


def count_days(
    connection: Connection, account: Account, stream: AnyStream, days: set[date]
) -> dict[date, Counts]:
    """Counts the days anew in `ops.days`."""
    if not days:
        return {}
    where = _where(account, stream)
    counter = stream.table if isinstance(stream, Stream) else "details"
    ordered = sorted(days)
    facts = {
        row.call_date: row.facts
        for row in execute(connection, f"load/count_{counter}", days=ordered, **where)
    }
    rows = execute(
        connection,
        "load/refresh_days",
        days=ordered,
        facts=[facts.get(day, 0) for day in ordered],
        replaces=isinstance(stream, Stream) and stream.replaces,
        timezone=account.timezone.key,
        **where,
    )
    return {
        row.call_date: Counts(
            row.state, row.is_first, row.raw_records, row.facts, row.rejects, row.open_records, row.unkeyed
        )
        for row in rows
    }


def close_days(
    connection: Connection,
    account: Account,
    stream: Stream,
    window: Window,
    counts: dict[date, Counts],
    total: int | None,
) -> set[date]:
    """Judges the days that the window read in full; returns those whose state changed."""
    turned: set[date] = set()
    for day in window.days:
        verdict = judge(stream, account, day, counts[day], window.end)
        execute(
            connection,
            "load/close_day",
            day=day,
            state=verdict.state,
            note=verdict.note,
            next_read_at=verdict.next_read_at,
            vendor_total=total,
            **_where(account, stream),
        )
        if verdict.state != counts[day].state:
            turned.add(day)
    return turned


def note_success(
    connection: Connection,
    account: Account,
    stream: AnyStream,
    *,
    watermark: datetime | None = None,
    next_due_at: datetime | None = None,
    fields: set[str] | None = None,
    window_days: int | None = None,
) -> None:
    """A read went well; with `watermark` it was a live one, which moves it forwards."""
    execute(
        connection,
        "load/note_success",
        vendor=account.vendor,
        watermark=watermark,
        next_due_at=next_due_at,
        fields=sorted(fields or ()),
        window_days=window_days,
        **_where(account, stream),
    )


def note_failure(
    connection: Connection,
    account: Account,
    stream: AnyStream,
    days: tuple[date, ...],
    error: str,
    stopped_key: str | None = None,
) -> None:
    """A read failed: its days aren't complete. With `stopped_key` (the credential's hash) polls
    stop until the credential changes."""
    where = _where(account, stream)
    execute(connection, "load/fail_days", days=list(days), note=error, **where)
    execute(connection, "load/note_failure", vendor=account.vendor, error=error,
            stopped_key=stopped_key, **where)


def note_deferred(
    connection: Connection,
    account: Account,
    stream: AnyStream,
    days: tuple[date, ...],
    reason: str,
    until: datetime,
    live: bool,
) -> None:
    """A limit grants the read only at `until`; nothing is wrong."""
    where = _where(account, stream)
    if live:
        execute(connection, "load/note_deferred", vendor=account.vendor, reason=reason,
                until=until, **where)
    else:
        execute(connection, "load/defer_days", days=list(days), note=reason, until=until, **where)


def _where(account: Account, stream: AnyStream) -> dict[str, Any]:
    return {"account": account.name, "stream": stream.name}
