"""A batch of records into raw and facts: only what changed is normalised, moved or written.

Not here: what to read (plan), from whom (read), when a day is complete (verdict).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import psycopg
from sqlalchemy.engine import Connection, Row

from assets.loading import books
from assets.loading.shape import shape
from assets.loading.sight import Sighting
from assets.loading.stage import (
    TABLES_OF,
    Item,
    copy_columns,
    copy_facts,
    copy_heads,
    copy_versions,
    stage_records,
)
from assets.loading.tally import Tally
from resources import payload
from resources.account import Account
from resources.vendor import AnyStream, Facts, Record, Reject, Stream
from resources.warehouse import execute, text_array


@dataclass(frozen=True, slots=True)
class _Unkeyed:
    """What isn't even an object with a key: kept with the reason, told apart by its digest."""

    encoded: bytes
    digest: str
    reason: str
    call_date: date


class _Keyed(NamedTuple):
    """What has a key: all that is made of a record that hasn't changed."""

    key: str
    record: Record
    encoded: bytes
    digest: str
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class _Batch:
    """What was read, by what can be done with it."""

    keyed: list[_Keyed]
    unkeyed: list[_Unkeyed]
    repeated: list[Sighting]
    """Further versions of records that are in `keyed`: they come after those."""


class Landing:
    """Lands batches of one account's stream. `day` is the business day of what says none;
    `details` are the streams whose records follow this one's from day to day.
    """

    def __init__(
        self,
        account: Account,
        stream: AnyStream,
        day: date,
        make_days: Callable[[set[date]], None],
        details: Sequence[str] = (),
    ) -> None:
        self.account = account
        self.stream = stream
        self._day = day
        self._make_days = make_days
        self._details = list(details)
        self._where = {"account": account.name, "stream": stream.name}
        self.unkeyed: set[str] = set()
        """Digests of what was read and has no key."""
        self.rejected: set[str] = set()
        """Keys of what was read and isn't a fact."""
        self.undated: set[str] = set()
        """Keys of what of it doesn't say its day either."""

    def land(self, connection: Connection, sightings: Sequence[Sighting]) -> Tally:
        """Writes a batch in the connection's transaction, whose holder has the stream's lock."""
        tally = Tally()
        while sightings:
            batch = self._sort(sightings)
            changed = self._changed(connection, batch.keyed, tally)
            if changed or batch.unkeyed:
                self._write(connection, changed, batch.unkeyed, tally)
            sightings = batch.repeated
        return tally

    def rebuild(self, connection: Connection, heads: Sequence[Row[Any]]) -> Tally:
        """Facts anew from raw alone: rows of `load/raw_heads`, as if all had changed."""
        stored = [head.payload.encode() for head in heads]
        # At once: to look at each alone costs more than to parse it.
        records = payload.decode(b"[" + b",".join(stored) + b"]")
        items = [
            Item(
                key=head.record_key,
                record=record,
                encoded=encoded,
                digest=head.digest.hex,
                sighting=Sighting(None, 0, head.observed_at),
                first_seen_at=head.first_seen_at,
                old_date=head.call_date,
                version=head.version,
                is_new_version=False,
                was_rejected=head.rejected,
                was_missing_since=head.missing_since,
                missing_since=head.missing_since,
            )
            for head, record, encoded in zip(heads, records, stored, strict=True)
        ]
        tally = Tally()
        if items:
            self._write(connection, items, [], tally)
            tally.days |= {head.call_date for head in heads}
        return tally

    def _sort(self, sightings: Iterable[Sighting]) -> _Batch:
        """Digests of what was read: all that an unchanged record costs."""
        keyed: dict[str, _Keyed] = {}
        unkeyed: dict[str, _Unkeyed] = {}
        repeated: dict[str, list[Sighting]] = {}
        for sighting in sightings:
            record, key = self._redacted(sighting.record), sighting.key
            encoded = payload.encode(record)
            digest = payload.digest(encoded)
            if key is None:
                day = sighting.day or self._day
                unkeyed[digest] = _Unkeyed(encoded, digest, sighting.fault, day)
            elif key in repeated or (key in keyed and keyed[key].digest != digest):
                repeated.setdefault(key, []).append(sighting)
            else:
                keyed[key] = _Keyed(key, record, encoded, digest, sighting)
        self.unkeyed.update(unkeyed)
        later = [sighting for versions in repeated.values() for sighting in versions]
        return _Batch(list(keyed.values()), list(unkeyed.values()), later)

    def _redacted(self, record: Any) -> Any:
        if not self.stream.redact:
            return record
        try:
            return self.stream.redact(record)
        except RecursionError:
            return self.stream.redact(payload.storable(record))

    def _changed(self, connection: Connection, keyed: list[_Keyed], tally: Tally) -> list[Item]:
        """Those that must be written; the others only count."""
        if not keyed:
            return []
        moments = {one.sighting.observed_at for one in keyed}
        told = {moment: moment.isoformat() for moment in moments}
        rows = execute(
            connection,
            "load/changed_records",
            keys=text_array([one.key for one in keyed]),
            digests=text_array([one.digest for one in keyed]),
            observed=text_array([told[one.sighting.observed_at] for one in keyed]),
            replaces=isinstance(self.stream, Stream) and self.stream.replaces,
            **self._where,
        )
        changed: list[Item] = []
        for row in rows:
            if row.places is None:
                tally.by_day[row.old_date].records += row.records
                continue
            for place in row.places:
                key, record, encoded, digest, sighting = keyed[place]
                changed.append(
                    Item(
                        key, record, encoded, digest, sighting,
                        first_seen_at=row.first_seen_at or sighting.observed_at,
                        old_date=row.old_date,
                        version=row.version,
                        is_new_version=row.is_new_version,
                        was_rejected=row.was_rejected,
                        was_missing_since=row.was_missing_since,
                    )
                )  # fmt: skip
        return changed

    def _write(
        self, connection: Connection, items: list[Item], unkeyed: list[_Unkeyed], tally: Tally
    ) -> None:
        facts = shape(items, self.stream, self.account, self._day)
        for item in items:
            (self.rejected.add if item.rejected else self.rejected.discard)(item.key)
            (self.undated.discard if item.is_dated else self.undated.add)(item.key)
        touched = {day for item in items for day in (item.call_date, item.old_date) if day}
        self._make_days(touched | {item.call_date for item in unkeyed})
        copy_versions(connection, self.account, self.stream, items)
        known = self._insert(connection, items, facts)
        written = {
            day for item in items if item.writes for day in (item.call_date, item.old_date) if day
        }
        if known or facts.rejects or unkeyed:
            execute(connection, "load/stages")
            if known:
                self._merge(connection, items, known, facts, sorted(touched))
            if facts.rejects or unkeyed:
                written |= self._reject(connection, items, facts.rejects, unkeyed)
            for name in ("records", "rejects", *facts.tables):
                connection.exec_driver_sql(f"TRUNCATE stage_{name}")
        if written:
            execute(connection, "load/mark_stale", days=sorted(written))
        tally.days |= written
        _count(tally, items, facts)
        for odd in unkeyed:
            tally.by_day[odd.call_date].records += 1
            tally.reject(odd.call_date, "record", odd.reason)

    def _insert(self, connection: Connection, items: list[Item], facts: Facts) -> list[int]:
        """Writes what is new; returns the places of what must be merged."""
        new = [place for place, item in enumerate(items) if item.old_date is None]
        if not new or self.stream.table == "audio":  # which is noted in rows of recordings
            return list(range(len(items)))
        try:
            with connection.begin_nested():
                heads = [items[place] for place in new]
                copy_heads(connection, self.account, self.stream, heads)
                for table in facts.tables:
                    self._copy_facts(connection, items, facts, table, new, f"facts.{table}")
        except psycopg.errors.UniqueViolation:
            # Facts without their raw records, as where only a part of a backup was restored.
            return list(range(len(items)))
        return [place for place, item in enumerate(items) if item.old_date is not None]

    def _merge(
        self,
        connection: Connection,
        items: list[Item],
        known: list[int],
        facts: Facts,
        days: list[date],
    ) -> None:
        stage_records(connection, [items[place] for place in known])
        for table in facts.tables:
            self._copy_facts(connection, items, facts, table, known, f"stage_{table}")
        moved = any(item.old_date and item.old_date != item.call_date for item in items)
        if moved:
            execute(connection, "load/move_versions", days=days, **self._where)
        execute(connection, "load/merge_heads", **self._where)
        for table in TABLES_OF[self.stream.table]:
            execute(connection, f"load/drop_stale_{table}", days=days, **self._where)
        for table in facts.tables:
            parameters = {"days": days} if table == "audio" else {}
            execute(connection, f"load/merge_{table}", **parameters)
        execute(connection, "load/resolve_rejects", **self._where)
        if self._details:
            self._lead(connection, days, moved)

    def _copy_facts(
        self,
        connection: Connection,
        items: list[Item],
        facts: Facts,
        table: str,
        places: list[int],
        into: str,
    ) -> None:
        """Those of a table's rows that are of the records at `places`."""
        frame = facts.tables[table]
        if len(places) < len(items):
            frame = frame[frame.index.isin(places)]
        copy_facts(connection, self.account, self.stream, table, frame, items, into)

    def _lead(self, connection: Connection, days: list[date], moved: bool) -> None:
        """Details follow the records that they are of."""
        where = {"account": self.account.name, "details": self._details, "days": days}
        if moved:
            for name in self._details:
                books.lock(connection, self.account, name)
            execute(connection, "load/move_details", **where)
        if self.stream.table == "recordings":
            execute(connection, "load/restore_audio", **where)

    def _reject(
        self,
        connection: Connection,
        items: list[Item],
        rejects: Iterable[Reject],
        unkeyed: Iterable[_Unkeyed],
    ) -> set[date]:
        """Keeps what is no fact, with the reason; returns the days with another reject."""
        rows: list[tuple[Any, ...]] = [
            (None, odd.call_date, odd.digest, "record", odd.reason, odd.encoded.decode())
            for odd in unkeyed
        ]
        for reject in rejects:
            item = items[reject.index]
            rows.append((item.key, item.call_date, item.digest, payload.storable(reject.field),
                         payload.storable(reject.reason), item.encoded.decode()))  # fmt: skip
        names = ("record_key", "call_date", "digest", "field", "reason", "payload")
        columns = dict(zip(names, zip(*rows, strict=True), strict=True))
        copy_columns(connection, "stage_rejects", columns)
        merged = execute(connection, "load/merge_rejects", **self._where)
        return {row.call_date for row in merged}


def _count(tally: Tally, items: Sequence[Item], facts: Facts) -> None:
    tally.new_fields |= facts.new_fields
    for item in items:
        assert item.call_date
        figures = tally.by_day[item.call_date]
        figures.records += 1
        if item.writes and not item.rejected:
            figures.new += item.version == 0
            figures.changed += item.version > 0
    for reject in facts.rejects:
        day = items[reject.index].call_date
        assert day
        tally.reject(day, reject.field, reject.reason)
