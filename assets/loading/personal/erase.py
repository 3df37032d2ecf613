"""Records out of every table, with all their versions and the details that are of them."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection

from assets.loading.fact_counts import fact_counts
from resources.audio import AudioStore
from resources.forgotten import Hasher
from resources.postgres.warehouse import execute, text_array
from resources.stores.store import Removal
from resources.vendor_api.vendor import AnyStream
from resources.vendors import audio_streams

Counts = Counter[str]
"""Rows by table, and files."""
LOST_AUDIO = "audio files that weren't there"
KEPT_AUDIO = "audio files that the bucket keeps a version of"
AUDIO = {
    Removal.DELETED: "audio files",
    Removal.NOT_THERE: LOST_AUDIO,
    Removal.VERSION_STAYS: KEPT_AUDIO,
}


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
        own = days.get(one.name)
        if own is None:
            continue
        where["stream"] = one.name
        for table in one.tables:
            rows = execute(connection, "erase/facts", table, days=sorted(own), **where)
            counts[f"facts.{table.name}"] += rows[0].rows
        rows = execute(connection, "erase/versions", days=sorted(own), **where)
        counts["raw.records"] += rows[0].rows
        for ledger in ("raw.heads", "ops.rejects", "ops.details"):
            statement = f"erase/{ledger.partition('.')[2]}"
            counts[ledger] += execute(connection, statement, **where)[0].rows
    return days, counts


def erase_audio(
    connection: Connection,
    account: str,
    stream: AnyStream,
    keys: Sequence[str],
    days: Collection[date],
) -> Counts:
    """Deletes the records' audio files, if the stream brings any, of these days: those that
    something names, and what lies in a record's place. Returns how many there were.
    """
    if not brings_audio(stream):
        return Counter()
    rows = execute(connection, "erase/audio", days=sorted(days), keys=list(keys), account=account,
                   stream=stream.name)  # fmt: skip
    counts = remove_audio(row.uri for row in rows)
    return counts + remove_unnamed_audio((account, day, key) for day in days for key in keys)


def brings_audio(stream: AnyStream) -> bool:
    """Whether its details are audio files."""
    return any(column.name == "audio_uri" for column in stream.target.copied)


def remove_audio(uris: Iterable[str]) -> Counts:
    """Deletes audio files. Of those that aren't where they were it tells: they may be elsewhere. So
    it does of those that a bucket keeps a version of.
    """
    return Counter(AUDIO[AudioStore.remove(uri)] for uri in uris)


def remove_unnamed_audio(records: Iterable[tuple[str, date, str]]) -> Counts:
    """Deletes what lies in the places of records of accounts, by business day and key."""
    counts: Counts = Counter()
    store: AudioStore | None = None
    for account, day, key in records:
        store = store or AudioStore()
        removal = store.remove_of(account, day, key)
        if removal is not Removal.NOT_THERE:
            counts[AUDIO[removal]] += 1
    return counts


def remove_audio_of_day(
    rows: Callable[..., Iterable[Any]], day: date, account: str | None
) -> Counts:
    """Deletes all audio of a day's records, of every account where none is given. `rows` asks the
    warehouse.
    """
    where = {"day": day, "account": account}
    counts = remove_audio(row.uri for row in rows("erase/audio_of_day", **where))
    unnamed = rows("erase/unnamed_audio", streams=audio_streams(), **where)
    return counts + remove_unnamed_audio((row.account, day, row.record_key) for row in unnamed)


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
        now=now,
    )
