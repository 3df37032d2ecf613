"""Batches on their way into tables by COPY: what is new straight into them, what is known already
into temporary ones, from which `sql/load` merges.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import pandas as pd
from sqlalchemy.engine import Connection

import sql
from assets.loading.account_stream import AccountStream
from assets.loading.landing.observation import Observation
from resources.postgres.copy_text import column_texts, lines, texts
from resources.postgres.warehouse import copy
from resources.vendor_api.vendor import AnyStream, Record
from sql.table import Source, Target


@dataclass(slots=True)
class Item:
    """A record on its way to the stage, and what is stored of it already."""

    key: str
    record: Record
    encoded: bytes
    digest: str
    observation: Observation
    first_seen_at: datetime
    old_date: date | None = None
    version: int = 0
    is_new_version: bool = True
    was_rejected: bool = False
    old_faults: dict[str, str] | None = None
    was_missing_since: datetime | None = None
    call_date: date | None = None
    is_dated: bool = True
    is_open: bool = False
    rejected: bool = False
    faults: dict[str, str] | None = None
    """Fields that couldn't be read, each with the reason."""
    missing_since: datetime | None = None
    twins: tuple[str, ...] = ()
    """Digests of other states that came in the same read."""

    @property
    def writes(self) -> bool:
        """Whether it changes what analysts see, and not only was looked at again."""
        return (
            self.is_new_version
            or self.missing_since != self.was_missing_since
            or self.rejected != self.was_rejected
            or self.faults != self.old_faults
            or self.call_date != self.old_date
        )


def copy_versions(
    connection: Connection, source: AccountStream[AnyStream], items: Sequence[Item]
) -> None:
    """What was read, where it is a new version, into `raw.records`."""
    new = [item for item in items if item.is_new_version]
    columns: dict[str, Sequence[Any]] = {
        **_owners(source, new),
        "record_key": [item.key for item in new],
        "version": [item.version + 1 for item in new],
        "payload": [item.encoded.decode() for item in new],
        "first_seen_at": [item.observation.observed_at for item in new],
        "request_id": [item.observation.request_id for item in new],
    }
    copy_columns(connection, "raw.records", columns)


def copy_heads(
    connection: Connection, source: AccountStream[AnyStream], items: Sequence[Item]
) -> None:
    """What became of records that are new, into `raw.heads`."""
    columns: dict[str, Sequence[Any]] = {
        **_owners(source, items),
        "version": [1] * len(items),
        **_fates(items),
    }
    copy_columns(connection, "raw.heads", columns)


def stage_records(connection: Connection, items: Sequence[Item]) -> None:
    """What became of records that are known already."""
    columns: dict[str, Sequence[Any]] = {
        "call_date": [item.call_date for item in items],
        "old_date": [item.old_date for item in items],
        "version": [item.version for item in items],
        "is_new_version": [item.is_new_version for item in items],
        "twins": [f"{{{','.join(item.twins)}}}" if item.twins else None for item in items],
        **_fates(items),
    }
    copy_columns(connection, "stage_records", columns)


def make_stages(connection: Connection, targets: Sequence[Target]) -> None:
    """Empty temporary tables for a batch that becomes rows of the targets, in this transaction."""
    connection.exec_driver_sql(_stages(tuple(targets)))


@cache
def _stages(targets: tuple[Target, ...]) -> str:
    return "\n".join([sql.read("load/stages"), *(sql.read("load/stage", t) for t in targets)])


def copy_facts(
    connection: Connection,
    source: AccountStream[AnyStream],
    target: Target,
    frame: pd.DataFrame,
    items: Sequence[Item],
    into: str,
) -> None:
    """Rows of a target into its table or its stage; the frame's index is the place of each row's
    record in `items`.
    """
    if frame.empty:
        return
    owners = [items[index] for index in frame.index]
    columns: dict[str, Sequence[Any] | pd.Series[Any]] = {}
    for column in target.copied:
        if column.source is Source.LOADER:
            columns[column.name] = _loaded(column.name, source, owners)
        elif column.source is Source.ROW:
            columns[column.name] = _row_keys(owners, frame.get("position"))
        elif column.name in frame:
            columns[column.name] = frame[column.name]
    unknown = set(frame.columns) - set(columns)
    if unknown:
        raise ValueError(f"{target.name} has no column {', '.join(sorted(unknown))} for a mapping")
    copy_columns(connection, into, columns)


def _loaded(name: str, source: AccountStream[AnyStream], items: Sequence[Item]) -> Sequence[Any]:
    """A column that the loader fills; whatever isn't listed here is the record's key."""
    match name:
        case "account":
            return [source.account.name] * len(items)
        case "stream":
            return [source.stream.name] * len(items)
        case "vendor":
            return [source.account.vendor] * len(items)
        case "call_date" | "first_seen_at" | "missing_since":
            return [getattr(item, name) for item in items]
        case "observed_at":
            return [item.observation.observed_at for item in items]
        case _:
            return [item.key for item in items]


def _row_keys(items: Sequence[Item], positions: "pd.Series[Any] | None") -> list[str]:
    """The keys of the items, each with its position where there are any."""
    keys = [str(item.key) for item in items]
    if positions is None:
        return keys
    return [f"{key}/{position}" for key, position in zip(keys, positions, strict=True)]


def copy_columns(
    connection: Connection, table: str, columns: "Mapping[str, Sequence[Any] | pd.Series[Any]]"
) -> None:
    """Rows given by their columns, which are equally long."""
    copied = [
        column_texts(column) if isinstance(column, pd.Series) else texts(column)
        for column in columns.values()
    ]
    copy(connection, table, list(columns), lines(copied))


def _owners(source: AccountStream[AnyStream], items: Sequence[Item]) -> dict[str, Sequence[Any]]:
    return {
        "call_date": [item.call_date for item in items],
        "account": [source.account.name] * len(items),
        "stream": [source.stream.name] * len(items),
    }


def _fates(items: Sequence[Item]) -> dict[str, Sequence[Any]]:
    return {
        "record_key": [item.key for item in items],
        "digest": [item.digest for item in items],
        "observed_at": [item.observation.observed_at for item in items],
        "first_seen_at": [item.first_seen_at for item in items],
        "is_open": [item.is_open for item in items],
        "rejected": [item.rejected for item in items],
        "faults": [item.faults for item in items],
        "missing_since": [item.missing_since for item in items],
    }
