"""Deleting audio files: by their URIs where something names them, else from their places."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy.engine import Connection

from resources.audio import AudioStore
from resources.postgres.warehouse import execute
from resources.stores.store import Removal
from resources.vendor_api.vendor import AnyStream
from resources.vendors import audio_streams

LOST_AUDIO = "audio files that weren't there"
KEPT_AUDIO = "audio files that the bucket keeps a version of"
AUDIO = {
    Removal.DELETED: "audio files",
    Removal.NOT_THERE: LOST_AUDIO,
    Removal.VERSION_STAYS: KEPT_AUDIO,
}


def erase_audio(
    connection: Connection,
    account: str,
    stream: AnyStream,
    keys: Sequence[str],
    days: Collection[date],
) -> Counter[str]:
    """Deletes the records' audio files, if the stream brings any, of these days: those that
    something names, and what lies in a record's place. Returns how many there were.
    """
    if not (stream.brings_audio and keys):
        return Counter()
    where = {"account": account, "stream": stream.name, "days": sorted(days)}
    named = execute(connection, "erase/audio", keys=list(keys), **where)
    may_have_more = [row.day for row in execute(connection, "erase/audio_days", **where)]
    return remove_audio(row.uri for row in named) + remove_unnamed_audio(
        (account, day, key) for day in may_have_more for key in keys
    )


def remove_audio(uris: Iterable[str]) -> Counter[str]:
    """Deletes audio files. Of those that aren't where they were it tells: they may be elsewhere. So
    it does of those that a bucket keeps a version of.
    """
    return Counter(AUDIO[AudioStore.remove(uri)] for uri in uris)


def remove_audio_of(rows: Sequence[Any]) -> Counter[str]:
    """The same of rows with a record each, and its URI or None."""
    return remove_audio(row.uri for row in rows if row.uri) + remove_unnamed_audio(
        (row.account, row.call_date, row.record_key) for row in rows if not row.uri
    )


def remove_audio_of_day(
    rows: Callable[..., Iterable[Any]], day: date, account: str | None
) -> Counter[str]:
    """Deletes all audio of a day's records, of every account where none is given. `rows` asks the
    warehouse.
    """
    where = {"day": day, "account": account}
    counts = remove_audio(row.uri for row in rows("erase/audio_of_day", **where))
    unnamed = rows("erase/unnamed_audio", streams=audio_streams(), **where)
    return counts + remove_unnamed_audio((row.account, day, row.record_key) for row in unnamed)


def remove_unnamed_audio(records: Iterable[tuple[str, date, str]]) -> Counter[str]:
    """Deletes what lies in the places of records of accounts, by business day and key."""
    counts: Counter[str] = Counter()
    store: AudioStore | None = None
    for account, day, key in records:
        store = store or AudioStore()
        removal = store.remove_of(account, day, key)
        if removal is not Removal.NOT_THERE:
            counts[AUDIO[removal]] += 1
    return counts
