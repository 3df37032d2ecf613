"""Batches on their way into tables: COPY into temporary ones, from which `sql/load` merges."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.engine import Connection

from assets.loading.sight import Sighting
from resources import payload
from resources.account import Account
from resources.vendor import AnyStream, Record
from resources.warehouse import copy_rows

KEYS = {
    "calls": "call_id",
    "call_legs": "leg_id",
    "recordings": "recording_id",
    "call_events": "call_id",
    "audio": "recording_id",
}
"""The column that holds the record's key. An aggregate (`agent_usage`) brings its own."""
TABLES_OF = {
    "calls": ("calls",),
    "call_legs": ("call_legs", "calls"),
    "recordings": ("recordings", "calls"),
    "agent_usage": ("agent_usage",),
    "call_events": ("call_events",),
    "audio": (),
}
"""Tables that a stream may have rows in, by the table that counts its records."""
WITH_LIFE = {"calls", "call_legs", "recordings"}
"""Tables whose rows say since when they are known, and since when missing."""
WITH_VENDOR = {*WITH_LIFE, "agent_usage"}


@dataclass(slots=True)
class Item:
    """A record on its way to the stage, and what is stored of it already."""

    key: str
    record: Record
    encoded: bytes
    digest: str
    sighting: Sighting
    first_seen_at: datetime
    old_date: date | None = None
    version: int = 0
    is_new_version: bool = True
    was_rejected: bool = False
    was_missing: bool = False
    call_date: date | None = None
    is_dated: bool = True
    is_open: bool = False
    rejected: bool = False
    missing_since: datetime | None = None

    @property
    def writes(self) -> bool:
        """Whether it changes what analysts see, and not only was looked at again."""
        return (
            self.is_new_version
            or self.was_missing
            or self.rejected != self.was_rejected
            or self.call_date != self.old_date
        )


def stage_records(connection: Connection, items: Iterable[Item]) -> None:
    """The records and what became of them."""
    copy_rows(
        connection,
        "stage_records",
        ("record_key", "call_date", "old_date", "version", "is_new_version", "digest", "payload",
         "observed_at", "first_seen_at", "request_id", "is_open", "rejected", "missing_since"),
        (
            (
                item.key, item.call_date, item.old_date, item.version, item.is_new_version,
                item.digest, item.encoded.decode(), item.sighting.observed_at, item.first_seen_at,
                item.sighting.request_id, item.is_open, item.rejected, item.missing_since,
            )
            for item in items
        ),
    )  # fmt: skip


def stage_facts(
    connection: Connection,
    account: Account,
    stream: AnyStream,
    table: str,
    frame: pd.DataFrame,
    items: Sequence[Item],
) -> None:
    """A table's rows; the frame's index is the place of each row's record in `items`."""
    if frame.empty:
        return
    owners = [items[index] for index in frame.index]
    columns: dict[str, Sequence[Any]] = {
        "call_date": [item.call_date for item in owners],
        "account": [account.name] * len(owners),
        "stream": [stream.name] * len(owners),
    }
    if table in KEYS:
        columns[KEYS[table]] = [item.key for item in owners]
    if table in WITH_VENDOR:
        columns["vendor"] = [account.vendor] * len(owners)
    if table in WITH_LIFE:
        columns["first_seen_at"] = [item.first_seen_at for item in owners]
        columns["missing_since"] = [item.missing_since for item in owners]
    if table == "agent_usage":
        columns["observed_at"] = [item.sighting.observed_at for item in owners]
    for name in frame.columns:
        columns[str(name)] = plain(frame[name])
    copy_rows(connection, f"stage_{table}", tuple(columns), zip(*columns.values(), strict=True))


def plain(column: "pd.Series[Any]") -> list[Any]:
    """A column as Python values that COPY takes; whatever pandas calls missing is None."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        naive = column.dt.tz_convert(UTC).dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
        texts = np.datetime_as_string(naive)
        return [None if text == "NaT" else f"{text}+00" for text in texts]
    values = column.astype(object).where(column.notna(), None).tolist()
    return [
        payload.encode(value).decode() if isinstance(value, dict | list) else value
        for value in values
    ]
