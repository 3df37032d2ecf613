"""Records out of every table, with all their versions and the details that are of them."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from sqlalchemy.engine import Connection

from assets.loading.fact_counts import fact_counts
from resources.audio import AudioStore
from resources.postgres.warehouse import execute
from resources.stores.store import Removal
from resources.vendor_api.vendor import AnyStream

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
    days: dict[str, set[date]] = {}
    for one in streams:
        where = {"account": account, "stream": one.name, "keys": list(keys)}
        own = {row.call_date for row in execute(connection, "erase/days", **where)}
        if not own:
            continue
        days[one.name] = own
        counts.update(erase_audio(connection, account, one, keys, own))
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
    """Deletes the records' audio files, if the stream brings any; returns how many there were."""
    if not any(column.name == "audio_uri" for column in stream.target.copied):
        return Counter()
    rows = execute(connection, "erase/audio", days=sorted(days), keys=list(keys), account=account,
                   stream=stream.name)  # fmt: skip
    return remove_audio(row.uri for row in rows)


def remove_audio(uris: Iterable[str]) -> Counts:
    """Deletes audio files. Of those that aren't where they were it tells: they may be elsewhere. So
    it does of those that a bucket keeps a version of.
    """
    return Counter(AUDIO[AudioStore.remove(uri)] for uri in uris)


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
