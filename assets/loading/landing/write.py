"""A shaped batch into raw, heads, facts and rejects: what is new is inserted, the rest merged.

Not here: what of it must be written at all (land), and what the tables hold of it (stage).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import psycopg
from sqlalchemy.engine import Connection

from assets.loading.account_stream import AccountStream
from assets.loading.caller_secret import read_caller_secret
from assets.loading.landing.batch_text import BatchText
from assets.loading.landing.caller_keys import CallerKeys
from assets.loading.landing.item import Item
from assets.loading.landing.stage import (
    copy_columns,
    copy_facts,
    copy_heads,
    copy_versions,
    make_stages,
    stage_records,
)
from assets.loading.stream_state import lock_streams
from resources.postgres.copy_text import texts
from resources.postgres.warehouse import execute
from resources.text import payload
from resources.text.foreign_text import short
from resources.vendor_api.vendor import AnyStream, DetailStream, Facts, Reject
from sql.table import Target


class Written(NamedTuple):
    """What became of a batch."""

    days: set[date]
    """Those that analysts see changed."""
    only_new: bool
    """All of it are records that weren't known, and every one can be a fact."""


@dataclass(frozen=True, slots=True)
class Unkeyed:
    """What isn't even an object with a key: kept with the reason, told apart by its digest."""

    encoded: bytes
    digest: str
    reason: str
    call_date: date


def _days_of_other_records(item: Item) -> Iterable[date]:
    """The days among whose facts a known record is no longer, or is now."""
    before = (item.old_date, item.was_rejected, item.was_missing_since is None)
    after = (item.call_date, item.rejected, item.missing_since is None)
    if item.old_date and item.call_date and before != after:
        yield from (item.old_date, item.call_date)


class Writer:
    """Writes batches of one account's stream. Its details follow its records from day to day."""

    def __init__(self, source: AccountStream[AnyStream]) -> None:
        self._source = source
        self._account, self._stream = source.account, source.stream
        self._caller_keys: CallerKeys | None = None

    def write(
        self,
        connection: Connection,
        items: list[Item],
        facts: Facts,
        unkeyed: Sequence[Unkeyed],
        have_facts: bool = True,
    ) -> Written:
        """Raises ValueError for facts of a table that the stream doesn't name. `have_facts`: those
        that are known may have facts already.
        """
        unknown = facts.tables.keys() - {target.name for target in self._stream.targets}
        if unknown:
            raise ValueError(f"{self._stream.name} doesn't name the table {', '.join(unknown)}")
        batch = BatchText(self._source, items, facts)
        copy_versions(connection, batch)
        known = self._insert(connection, batch, have_facts)
        written = {
            day for item in items if item.writes for day in (item.call_date, item.old_date) if day
        }
        only_inserted = not (known or facts.rejects or unkeyed)
        if not only_inserted:
            make_stages(connection, self._stream.targets)
            if known:
                self._merge(connection, batch, known)
            if facts.rejects or unkeyed:
                written |= self._reject(connection, items, facts.rejects, unkeyed)
        if written:
            account = self._source.account.name
            execute(connection, "load/mark_stale", account=account, days=sorted(written))
        is_new = all(item.old_date is None for item in items)
        return Written(written, only_inserted and is_new)

    def _insert(self, connection: Connection, batch: BatchText, have_facts: bool) -> list[int]:
        """Writes what has no rows yet; returns the places of what must be merged."""
        items, lack_facts = batch.items, not (have_facts or self._is_enriched)
        new = [
            place
            for place, item in enumerate(items)
            if item.old_date is None or (lack_facts and item.has_head and not item.rejected)
        ]
        if not new or not self._stream.tables:  # an enrichment's rows are there already
            return list(range(len(items)))
        try:
            with connection.begin_nested():
                heads = [place for place in new if items[place].old_date is None]
                if heads:
                    copy_heads(connection, batch, heads)
                for target in self._stream.tables:
                    self._copy_facts(connection, batch, target, new, f"facts.{target.name}")
        except psycopg.errors.UniqueViolation:
            # Facts without their raw records, as where only a part of a backup was restored.
            return list(range(len(items)))
        inserted = set(new)
        return [place for place in range(len(items)) if place not in inserted]

    def _merge(self, connection: Connection, batch: BatchText, known: list[int]) -> None:
        items = batch.items
        days = sorted({day for item in items for day in (item.call_date, item.old_date) if day})
        stage_records(connection, batch, known)
        for target in self._stream.targets:
            self._copy_facts(connection, batch, target, known, f"stage_{target.name}")
        healed = [item.key for item in items if item.was_rejected and not item.rejected]
        moved = any(item.old_date and item.old_date != item.call_date for item in items)
        if moved:
            execute(connection, "load/move_versions", days=days, **self._source.where)
            for target in (one.target for one in self._source.details if not one.tables):
                execute(connection, "load/move_enriched", target, days=days, **self._source.where)
        execute(connection, "load/merge_heads", **self._source.where)
        for table in self._stream.tables:
            execute(connection, "load/drop_stale", table, days=days, **self._source.where)
        for target in self._stream.targets:
            execute(connection, "load/merge", target, days=days)
        execute(connection, "load/resolve_rejects", **self._source.where)
        changed = sorted({day for item in items for day in _days_of_other_records(item)})
        for detail in self._source.details:
            self._reopen(connection, detail, changed)
            self._lead(connection, detail, days, moved, healed)

    def _copy_facts(
        self,
        connection: Connection,
        batch: BatchText,
        target: Target,
        places: list[int],
        into: str,
    ) -> None:
        """Those of a target's rows that are of the records at `places`."""
        rows = batch.rows(target, self._keys(connection))
        if rows is not None:
            is_whole = len(places) == len(batch.items)
            copy_facts(connection, rows if is_whole else rows.of(places), into)

    @property
    def _is_enriched(self) -> bool:
        """Whether records of a detail stream fill columns of the rows."""
        return any(not detail.tables for detail in self._source.details)

    def _keys(self, connection: Connection) -> CallerKeys:
        if self._caller_keys is None:
            self._caller_keys = CallerKeys(read_caller_secret(connection))
        return self._caller_keys

    def _reopen(self, connection: Connection, detail: DetailStream, days: list[date]) -> None:
        """Days of other records than before may lack details."""
        if days:
            lock_streams(connection, self._account.name, detail)
            execute(connection, "load/reopen_details", account=self._account.name,
                    detail=detail.name, days=days)  # fmt: skip

    def _lead(
        self,
        connection: Connection,
        detail: DetailStream,
        days: list[date],
        moved: bool,
        healed: list[str],
    ) -> None:
        """Details follow the records that they are of: days of such are reopened, and locked."""
        where = {"account": self._account.name, "detail": detail.name, "days": days}
        if moved:
            execute(connection, "load/move_details", **where)
            for table in detail.tables:
                execute(connection, "load/move", table, **where)
        if not detail.tables:
            execute(connection, "load/restore", detail.target, **where)
            if healed:
                keys = {"stream": self._stream.name, "keys": healed}
                execute(connection, "load/ask_again", detail.target, **where, **keys)

    def _reject(
        self,
        connection: Connection,
        items: list[Item],
        rejects: Iterable[Reject],
        unkeyed: Iterable[Unkeyed],
    ) -> set[date]:
        """Keeps what is no fact, with the reason; returns the days with another reject."""
        rows: list[tuple[Any, ...]] = [
            (None, one.call_date, one.digest, "record", one.reason, one.encoded.decode())
            for one in unkeyed
        ]
        for reject in rejects:
            item = items[reject.index]
            told = [short(payload.storable(text)) for text in (reject.field, reject.reason)]
            rows.append((item.key, item.call_date, item.digest, *told, item.encoded.decode()))
        names = ("record_key", "call_date", "digest", "field", "reason", "payload")
        columns = dict(zip(names, map(texts, zip(*rows, strict=True)), strict=True))
        copy_columns(connection, "stage_rejects", columns)
        merged = execute(connection, "load/merge_rejects", **self._source.where)
        return {row.call_date for row in merged}
