"""A batch of records into raw and facts: only what changed is normalised, moved or written.

Not here: what to read (plan), from whom (read), when a day is complete (verdict).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
from sqlalchemy.engine import Connection, Row

from resources import payload
from resources.account import Account
from resources.vendor import AnyStream, DetailStream, Facts, Record, Stream
from resources.warehouse import copy_rows, execute
from resources.windows import business_day

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
WITH_VENDOR = {"calls", "call_legs", "recordings", "agent_usage"}
WITH_MISSING = {"calls", "call_legs", "recordings"}


@dataclass(frozen=True, slots=True)
class Sighting:
    """A record as one answer showed it. `key` and `day` are given where it doesn't say them."""

    record: Any
    request_id: int
    observed_at: datetime
    key: str | None = None
    day: date | None = None


@dataclass(slots=True)
class Figures:
    """What was asked and read of a business day, and what became of it."""

    requests: int = 0
    """Answers; one for several days counts for the last of them."""
    records: int = 0
    new: int = 0
    changed: int = 0
    missing: int = 0
    rejected: int = 0

    def add(self, other: "Figures") -> None:
        """Adds another's figures to these."""
        self.requests += other.requests
        self.records += other.records
        self.new += other.new
        self.changed += other.changed
        self.missing += other.missing
        self.rejected += other.rejected


@dataclass(slots=True)
class Tally:
    """What became of records, by business day; adds up over batches, windows and accounts."""

    by_day: defaultdict[date, Figures] = field(default_factory=lambda: defaultdict(Figures))
    days: set[date] = field(default_factory=set)
    """Days on which something was written."""
    turned: set[date] = field(default_factory=set)
    """Days whose state in `ops.days` changed."""
    reasons: dict[str, int] = field(default_factory=dict)
    new_fields: set[str] = field(default_factory=set)

    @property
    def records(self) -> int:
        return sum(figures.records for figures in self.by_day.values())

    @property
    def new(self) -> int:
        return sum(figures.new for figures in self.by_day.values())

    @property
    def changed(self) -> int:
        return sum(figures.changed for figures in self.by_day.values())

    @property
    def missing(self) -> int:
        return sum(figures.missing for figures in self.by_day.values())

    @property
    def rejected(self) -> int:
        return sum(figures.rejected for figures in self.by_day.values())

    def reject(self, day: date, name: str, reason: str) -> None:
        """Counts a reject."""
        self.by_day[day].rejected += 1
        sentence = f"{name}: {reason}"
        self.reasons[sentence] = self.reasons.get(sentence, 0) + 1

    def add(self, other: "Tally") -> None:
        """Adds another's figures to these."""
        for day, figures in other.by_day.items():
            self.by_day[day].add(figures)
        self.days |= other.days
        self.turned |= other.turned
        self.new_fields |= other.new_fields
        for reason, count in other.reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0) + count


@dataclass(slots=True)
class _Keyed:
    """A record on its way to the stage."""

    key: str
    record: Record
    encoded: bytes
    digest: UUID
    sighting: Sighting
    old_date: date | None = None
    version: int = 0
    is_new_version: bool = True
    call_date: date | None = None
    is_open: bool = False
    rejected: bool = False
    missing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Unkeyed:
    """What isn't even an object with a key: kept with the reason, told apart by its digest."""

    encoded: bytes
    digest: UUID
    reason: str
    call_date: date


class Landing:
    """Lands batches of one account's stream. `day` is the business day of what says none."""

    def __init__(
        self,
        account: Account,
        stream: AnyStream,
        day: date,
        make_days: Callable[[set[date]], None],
    ) -> None:
        self.account = account
        self.stream = stream
        self._day = day
        self._make_days = make_days
        self._where = {"account": account.name, "stream": stream.name}
        self.seen: set[str] = set()
        """Keys of all that was read so far."""
        self.unkeyed: set[UUID] = set()
        """Digests of all that was read without a key."""

    def _sort(self, sightings: Iterable[Sighting]) -> "Batch":
        """Keys and digests of what was read: all that an unchanged record costs."""
        keyed: dict[str, _Keyed] = {}
        unkeyed: list[_Unkeyed] = []
        repeated: list[Sighting] = []
        for sighting in sightings:
            record = sighting.record
            key = sighting.key or self._key(record)
            if key is None:
                encoded = payload.encode(record)
                reason = "has no key" if isinstance(record, dict) else "isn't an object"
                day = sighting.day or self._day
                unkeyed.append(_Unkeyed(encoded, payload.digest(encoded), reason, day))
                continue
            if self.stream.redact:
                record = self.stream.redact(record)
            encoded = payload.encode(record)
            item = _Keyed(key, record, encoded, payload.digest(encoded), sighting)
            if key in keyed and keyed[key].digest != item.digest:
                repeated.append(sighting)  # two versions in one batch: one after the other
            else:
                keyed[key] = item
        self.seen.update(keyed)
        self.unkeyed.update(item.digest for item in unkeyed)
        return Batch(list(keyed.values()), unkeyed, repeated)

    def land(self, connection: Connection, sightings: Sequence[Sighting]) -> Tally:
        """Writes a batch in the connection's transaction, whose holder has the stream's lock."""
        batch = self._sort(sightings)
        tally = Tally()
        changed = self._changed(connection, batch.keyed, tally)
        if changed or batch.unkeyed:
            self._write(connection, changed, batch.unkeyed, tally)
        if batch.repeated:
            tally.add(self.land(connection, batch.repeated))
        return tally

    def rebuild(self, connection: Connection, heads: Iterable[Row[Any]]) -> Tally:
        """Facts anew from raw alone: rows of `load/raw_heads`, as if all had changed."""
        changed = [
            _Keyed(
                key=head.record_key,
                record=head.payload,
                encoded=payload.encode(head.payload),
                digest=head.digest,
                sighting=Sighting(None, 0, head.observed_at, day=head.call_date),
                old_date=head.call_date,
                version=head.version,
                is_new_version=False,
                missing_since=head.missing_since,
            )
            for head in heads
        ]
        tally = Tally()
        if changed:
            self._write(connection, changed, [], tally)
        return tally

    def _key(self, record: Any) -> str | None:
        if not isinstance(record, dict):
            return None
        if isinstance(self.stream, DetailStream):
            return None
        key = self.stream.key(record)
        return f"{self._day}/{key}" if key is not None and self.stream.replaces else key

    def _changed(
        self, connection: Connection, keyed: list[_Keyed], tally: Tally
    ) -> list[_Keyed]:
        """Those that must be written; the others only count."""
        if not keyed:
            return []
        rows = execute(
            connection,
            "load/changed_records",
            keys=[item.key for item in keyed],
            digests=[item.digest for item in keyed],
            observed=[item.sighting.observed_at for item in keyed],
            **self._where,
        )
        changed: list[_Keyed] = []
        for row in rows:
            if row.place is None:
                tally.by_day[row.old_date].records += row.records
                continue
            item = keyed[row.place]
            item.old_date, item.version = row.old_date, row.version
            item.is_new_version = row.is_new_version
            changed.append(item)
        return changed

    def _normalise(self, changed: list[_Keyed]) -> Facts | None:
        """Facts of the changed records; sets each one's day, and whether it is open or rejected."""
        if not changed:
            return None
        facts = self.stream.normalise([item.record for item in changed], self.account)
        zone = self.account.timezone
        starts: Sequence[Any] = [None] * len(changed)
        if facts.started_at is not None:
            starts = facts.started_at.tolist()
        opens = facts.is_open.tolist() if facts.is_open is not None else [False] * len(changed)
        for item, start, is_open in zip(changed, starts, opens, strict=True):
            known = start is not None and not pd.isna(start)
            fallback = item.sighting.day or item.old_date or self._day
            item.call_date = business_day(start, zone) if known else fallback
            item.is_open = bool(is_open)
        for reject in facts.rejects:
            changed[reject.index].rejected = True
        return facts

    def _write(
        self,
        connection: Connection,
        changed: list[_Keyed],
        unkeyed: list[_Unkeyed],
        tally: Tally,
    ) -> None:
        facts = self._normalise(changed)
        touched = {item.call_date for item in changed if item.call_date}
        touched |= {item.old_date for item in changed if item.old_date}
        touched |= {item.call_date for item in unkeyed}
        self._make_days(touched)  # by itself: this transaction holds no lock on the tables yet
        execute(connection, "load/stages")
        days = sorted(touched)
        self._stage(connection, changed, unkeyed, facts)
        if facts is not None:
            execute(connection, "load/insert_versions", **self._where)
            execute(connection, "load/merge_heads", **self._where)
            if any(item.old_date for item in changed):
                for table in TABLES_OF[self.stream.table]:
                    execute(connection, f"load/drop_stale_{table}", days=days, **self._where)
            for table in facts.tables:
                parameters = {"days": days} if table == "audio" else {}
                execute(connection, f"load/merge_{table}", **parameters)
            execute(connection, "load/resolve_rejects", **self._where)
            _count(tally, changed, facts)
        if unkeyed or (facts is not None and facts.rejects):
            execute(connection, "load/merge_rejects", **self._where)
        for item in unkeyed:
            tally.by_day[item.call_date].records += 1
            tally.reject(item.call_date, "record", item.reason)
        execute(connection, "load/mark_stale", days=days)
        for name in ("records", "rejects", *TABLES_OF[self.stream.table]):
            connection.exec_driver_sql(f"TRUNCATE stage_{name}")
        tally.days |= touched

    def _stage(
        self,
        connection: Connection,
        changed: list[_Keyed],
        unkeyed: list[_Unkeyed],
        facts: Facts | None,
    ) -> None:
        records = (
            (
                item.key, item.call_date, item.old_date, item.version, item.is_new_version,
                item.digest, item.encoded.decode(), item.sighting.observed_at,
                item.sighting.request_id, item.is_open, item.rejected, item.missing_since,
            )
            for item in changed
        )
        copy_rows(
            connection,
            "stage_records",
            ("record_key", "call_date", "old_date", "version", "is_new_version", "digest",
             "payload", "observed_at", "request_id", "is_open", "rejected", "missing_since"),
            records,
        )
        rejects: list[tuple[Any, ...]] = [
            (None, item.call_date, item.digest, "record", item.reason, item.encoded.decode())
            for item in unkeyed
        ]
        if facts is not None:
            for reject in facts.rejects:
                item = changed[reject.index]
                rejects.append((item.key, item.call_date, item.digest, reject.field, reject.reason,
                                item.encoded.decode()))
            for table, frame in facts.tables.items():
                self._stage_facts(connection, table, frame, changed)
        if rejects:
            copy_rows(
                connection,
                "stage_rejects",
                ("record_key", "call_date", "digest", "field", "reason", "payload"),
                rejects,
            )

    def _stage_facts(
        self, connection: Connection, table: str, frame: pd.DataFrame, changed: list[_Keyed]
    ) -> None:
        if frame.empty:
            return
        owners = [changed[index] for index in frame.index]
        columns: dict[str, Sequence[Any]] = {
            "call_date": [item.call_date for item in owners],
            "account": [self.account.name] * len(owners),
            "stream": [self.stream.name] * len(owners),
        }
        if table in KEYS:
            columns[KEYS[table]] = [item.key for item in owners]
        if table in WITH_VENDOR:
            columns["vendor"] = [self.account.vendor] * len(owners)
        if table in WITH_MISSING:
            columns["missing_since"] = [item.missing_since for item in owners]
        if table == "agent_usage":
            columns["observed_at"] = [item.sighting.observed_at for item in owners]
        for name in frame.columns:
            columns[str(name)] = plain(frame[name])
        copy_rows(connection, f"stage_{table}", tuple(columns), zip(*columns.values(), strict=True))


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read, by what can be done with it."""

    keyed: list[_Keyed]
    unkeyed: list[_Unkeyed]
    repeated: list[Sighting]


def _count(tally: Tally, changed: list[_Keyed], facts: Facts) -> None:
    tally.new_fields |= facts.new_fields
    for item in changed:
        assert item.call_date
        figures = tally.by_day[item.call_date]
        figures.records += 1
        if not item.rejected:
            figures.new += item.version == 0
            figures.changed += item.version > 0
    for reject in facts.rejects:
        day = changed[reject.index].call_date
        assert day
        tally.reject(day, reject.field, reject.reason)


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

