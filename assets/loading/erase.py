"""Records out of every table, with all their versions and the details that are of them."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy.engine import Connection

from resources.audio import AudioStore
from resources.vendor import AnyStream, DetailStream
from resources.warehouse import execute

Counts = dict[str, int]
"""Rows or files, by table."""


def erase_records(
    connection: Connection,
    account: str,
    stream: AnyStream,
    details: Sequence[DetailStream],
    keys: Sequence[str],
    counts: Counts | None = None,
) -> set[date]:
    """Erases the records of these keys. Adds to `counts` what was there, and returns the days.

    The connection's transaction has the locks of the stream and of its details. Audio files go
    first: where the transaction is lost, what named them is still there.
    """
    counts = {} if counts is None else counts
    days: set[date] = set()
    for one in (stream, *details):
        where = {"account": account, "stream": one.name, "keys": list(keys)}
        own = {row.call_date for row in execute(connection, "erase/days", **where)}
        days |= own
        if not own:
            continue
        dated = where | {"days": sorted(own)}
        erase_audio(connection, one, dated, counts)
        for table in one.tables:
            _count(
                counts, f"facts.{table.name}", execute(connection, "erase/facts", table, **dated)
            )
        _count(counts, "raw.records", execute(connection, "erase/versions", **dated))
        for table_name in ("raw.heads", "ops.rejects", "ops.details"):
            statement = f"erase/{table_name.partition('.')[2]}"
            _count(counts, table_name, execute(connection, statement, **where))
    if days:
        execute(connection, "load/mark_stale", days=sorted(days))
    return days


def erase_audio(
    connection: Connection, stream: AnyStream, dated: dict[str, Any], counts: Counts
) -> None:
    """The audio files of records of `dated`: account, stream, keys, days."""
    for uri in _audio(connection, stream, dated):
        AudioStore.from_environment().remove(uri)
        counts["audio files"] = counts.get("audio files", 0) + 1


def _audio(connection: Connection, stream: AnyStream, dated: dict[str, Any]) -> Iterator[str]:
    if any(column.name == "audio_uri" for column in stream.target.copied):
        for row in execute(connection, "erase/audio", **dated):
            yield row.uri


def _count(counts: Counts, table: str, rows: list[Any]) -> None:
    found = sum(row.rows for row in rows)
    if found:
        counts[table] = counts.get(table, 0) + found
