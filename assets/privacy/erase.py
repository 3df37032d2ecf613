"""Some records of one account out of the warehouse, or only the person out of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection

from assets.loading.landing.identity import identity
from assets.loading.personal.erase import (
    Counts,
    erase_audio_of,
    erase_records,
    recount,
    settle_erased,
    suppress_records,
)
from assets.loading.personal.without_person import without_person
from assets.loading.stream_state import lock_streams
from assets.privacy.places import Owner
from resources.forgotten import Forgotten
from resources.postgres.warehouse import execute
from resources.text import payload
from resources.vendor_api.vendor import AnyStream
from sql.table import Kind


@dataclass(frozen=True)
class Erased:
    """What a transaction erased."""

    days: frozenset[date]
    counts: Counts


class _NothingLeftError(Exception):
    """A call can't be kept without the person."""


class Eraser:
    """Erases records of one account's stream, with the details that are of them."""

    def __init__(self, owner: Owner, stream: str, forgotten: Forgotten) -> None:
        """Raises KeyError for a stream that the vendor no longer has."""
        self._owner = owner
        self._root, self._details = owner.group(stream)
        self._forgotten = forgotten

    def erase(self, connection: Connection, keys: Mapping[str, bool], now: datetime) -> Erased:
        """Erases the records of these keys, in the connection's transaction; those that are to be
        kept lose only the person, if anything can be left of them.
        """
        streams = (self._root, *self._details)
        lock_streams(connection, self._owner.name, *streams)
        days: dict[str, set[date]] = {}
        counts: Counts = Counter()
        gone = []
        for key, keeps in keys.items():
            try:
                if not keeps:
                    raise _NothingLeftError
                with connection.begin_nested():
                    counts.update(self._take_person_out(connection, key, days))
            except _NothingLeftError:
                gone.append(key)
        self._suppress(connection, gone, is_kept=False)
        erased, counted = erase_records(connection, self._owner.name, streams, gone)
        counts.update(counted)
        for name, own in erased.items():
            days.setdefault(name, set()).update(own)
        touched = settle_erased(connection, self._owner.name, streams, days, now)
        return Erased(frozenset(touched), counts)

    def erase_unkeyed(self, connection: Connection, ids: Sequence[int], now: datetime) -> Erased:
        """Erases rejects that have no key."""
        where = {"account": self._owner.name, "stream": self._root.name}
        lock_streams(connection, self._owner.name, self._root)
        rows = execute(connection, "erase/unkeyed", ids=list(ids), **where)
        records = [row for row in rows if row.is_record]
        execute(
            connection,
            "erase/suppress_unkeyed",
            hashes=[self._hash(self._root, row.digest) for row in records],
            days=[row.call_date for row in records],
            **where,
        )
        days = frozenset(row.call_date for row in rows)
        if days:
            recount(connection, self._owner.name, self._root, days, now)
        return Erased(days, Counter({"ops.rejects": len(rows)}))

    def _take_person_out(
        self, connection: Connection, key: str, days: dict[str, set[date]]
    ) -> Counts:
        """Leaves what isn't personal. Raises _NothingLeftError where that is nothing."""
        if self._names_somebody(key):
            raise _NothingLeftError
        self._suppress(connection, [key], is_kept=True)
        streams = (self._root, *self._details)
        known, counts = erase_audio_of(connection, self._owner.name, streams, [key])
        for stream in streams:
            own = known.get(stream.name)
            if own is None:
                continue
            where = {"account": self._owner.name, "stream": stream.name, "keys": [key]}
            days.setdefault(stream.name, set()).update(own)
            dated = where | {"days": sorted(own)}
            counts["raw.records"] += self._bare_versions(connection, stream, dated)
            counts["ops.rejects"] += execute(connection, "erase/rejects", **where)[0].rows
            for table in stream.tables:
                rows = execute(connection, "erase/bare_facts", table, **dated)
                counts[f"facts.{table.name}"] += len(rows)
                if any(self._names_somebody(row.text) for row in rows):
                    raise _NothingLeftError
        return counts

    def _bare_versions(
        self, connection: Connection, stream: AnyStream, dated: dict[str, Any]
    ) -> int:
        """One version without the person for all; none of what only enriches another record."""
        row = next(iter(execute(connection, "erase/newest", **dated)), None)
        if stream.target.kind is Kind.ENRICHMENT or row is None or row.payload is None:
            return int(execute(connection, "erase/versions", **dated)[0].rows)
        record, account = payload.decode(row.payload.encode()), self._owner.account
        bare = account and without_person(record, stream, account, self._forgotten)
        if not bare:
            raise _NothingLeftError
        encoded = payload.encode(bare)
        changed = execute(
            connection,
            "erase/bare_versions",
            bare_keys=[row.record_key],
            payloads=[encoded.decode()],
            digests=[payload.digest(identity(stream, bare, encoded))],
            **{name: value for name, value in dated.items() if name != "keys"},
        )
        return int(changed[0].rows)

    def _names_somebody(self, text: str) -> bool:
        return self._forgotten.first(text, self._owner.country) is not None

    def _suppress(self, connection: Connection, keys: Sequence[str], *, is_kept: bool) -> None:
        hasher = self._forgotten.hasher
        suppress_records(connection, self._owner.name, self._root, keys, hasher, is_kept=is_kept)

    def _hash(self, stream: AnyStream, key: str) -> str:
        return self._forgotten.hasher.record(self._owner.name, stream.name, key)
