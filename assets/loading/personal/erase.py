"""Records out of every table, with all their versions and the details that are of them."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection

from assets.loading.audio_files import erase_audio
from assets.loading.fact_counts import fact_counts
from resources.forgotten import Hasher
from resources.postgres.warehouse import execute, text_array
from resources.vendor_api.vendor import AnyStream

Counts = Counter[str]
"""Rows by table, and files."""


def erase_records(
    connection: Connection,
    account: str,
    streams: Sequence[AnyStream],
    keys: Sequence[str],
) -> tuple[dict[str, set[date]], Counts]:
    """Erases the records of these keys: of a stream, and of those of its details. Returns the days
    by stream, and what was there.

    The connection's transaction has the locks of the streams. Audio files go
    first: where the transaction is lost, what named them is still there.
    """
    where: dict[str, Any] = {"account": account, "keys": list(keys)}
    days, counts = erase_audio_of(connection, account, streams, keys)
    for one in streams:
        where["stream"] = one.name
        for ledger in ("raw.heads", "ops.rejects", "ops.details"):
            statement = f"erase/{ledger.partition('.')[2]}"
            counts[ledger] += execute(connection, statement, **where)[0].rows
        own = days.get(one.name)
        if own is None:
            continue
        for table in one.tables:
            rows = execute(connection, "erase/facts", table, days=sorted(own), **where)
            counts[f"facts.{table.name}"] += rows[0].rows
        rows = execute(connection, "erase/versions", days=sorted(own), **where)
        counts["raw.records"] += rows[0].rows
    return days, counts


def erase_audio_of(
    connection: Connection, account: str, streams: Sequence[AnyStream], keys: Sequence[str]
) -> tuple[dict[str, set[date]], Counts]:
    """Deletes the audio files of the records of these keys, before the rows that name them. Returns
    the days of what is stored of them, by stream, and how many files there were.
    """
    counts: Counts = Counter()
    where: dict[str, Any] = {"account": account, "keys": list(keys)}
    found = {
        one.name: {
            row.call_date for row in execute(connection, "erase/days", stream=one.name, **where)
        }
        for one in streams
    }
    days = {name: own for name, own in found.items() if own}
    for one in streams:
        # Audio may be there of a record of which nothing says so.
        counts.update(erase_audio(connection, account, one, keys, set().union(*days.values())))
    return days, counts


def suppress_records(
    connection: Connection,
    account: str,
    stream: AnyStream,
    keys: Sequence[str],
    hasher: Hasher,
    *,
    is_kept: bool,
) -> None:
    """Records that are to be erased, or to stay without the person: they, and all that is of them,
    go the same way whenever they come.
    """
    hashes = [hasher.record(account, stream.name, key) for key in keys]
    execute(connection, "erase/suppress_records", keys=text_array(keys), hashes=text_array(hashes),
            is_kept=is_kept, account=account, stream=stream.name)  # fmt: skip


def settle_erased(
    connection: Connection,
    account: str,
    streams: Sequence[AnyStream],
    days: Mapping[str, Collection[date]],
    now: datetime,
    but: AnyStream | None = None,
) -> set[date]:
    """Brings up to date what was made of erased records: of a stream, and of its details, by their
    `days`. Days of the stream `but` are left to whoever is about to count them. Returns all days.
    """
    touched = set().union(*days.values())
    if not touched:
        return touched
    for stream in streams:
        if stream.name in days and stream is not but:
            recount(connection, account, stream, days[stream.name], now)
    where = {"account": account, "days": sorted(touched)}
    details = [stream.name for stream in streams if stream.parent]
    execute(connection, "erase/judge_details", details=details, **where)
    execute(connection, "load/mark_stale", **where)
    return touched


def recount(
    connection: Connection, account: str, stream: AnyStream, days: Collection[date], now: datetime
) -> None:
    """Counts again the days of erased records; digests of answers that they were in go, too. How
    complete the days are stays as it was.
    """
    ordered = sorted(days)
    where = {"account": account, "stream": stream.name, "days": ordered}
    execute(connection, "erase/known_batches", **where)
    execute(
        connection,
        "load/refresh_days",
        **where,
        facts=fact_counts(connection, account, stream, ordered),
        replaces=stream.replaces,
        timezone=None,
        start_date=None,
        erases=True,
        rebuilds=False,
        now=now,
    )
