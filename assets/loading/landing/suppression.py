"""Records of people who have been forgotten, as they come in: left out, or kept without the person.

What is left out is counted by business day: the vendor counts it, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection

from assets.loading.account_stream import AccountStream, is_detail
from assets.loading.landing.identity import identity
from assets.loading.landing.item import Item
from assets.loading.landing.mapping import map_records
from assets.loading.landing.observation import Observation
from assets.loading.personal.erase import erase_records, settle_erased, suppress_records
from assets.loading.personal.hidden import read_forgotten
from assets.loading.personal.without_person import without_person
from assets.loading.stream_state import lock_streams
from resources.forgotten import Forgotten, Hasher, Suppressed
from resources.postgres.warehouse import execute
from resources.text import payload
from resources.vendor_api.vendor import AnyStream, Record
from sql.table import Kind

LEFT_OUT = object()
"""Instead of a record, which may be `null` itself."""


@dataclass(frozen=True)
class _Present:
    """Who is suppressed as a batch lands."""

    forgotten: Forgotten
    records: dict[str, bool]
    """By keyed hash: whether it is kept, without the person. Of details also what they are of."""
    everything: bool
    """The account itself was forgotten."""


class Suppression:
    """What of one account's stream isn't to be stored. Each record is asked for, between
    `begin_batch` and `end_batch`; what is left out is counted.
    """

    def __init__(self, source: AccountStream[AnyStream]) -> None:
        self._source = source
        self._account, self._stream = source.account, source.stream
        self._streams: tuple[AnyStream, ...] = (source.stream, *source.of[:1])
        """Its own, and of one of details that whose records they are of."""
        self._present: _Present | None = None
        self._seen: dict[str, tuple[Observation, bool]] = {}
        """Of the batch, by hash: what was read, and whether it is kept without the person."""
        self._left_out: set[str] = set()
        """Of all batches."""
        self.unkeyed: set[str] = set()
        """Of all batches, digests of what was left out and has no key."""

    def begin_batch(self, connection: Connection, observations: Sequence[Observation]) -> None:
        """Before each batch, in its transaction: whoever forgets somebody meanwhile waits for this
        stream's lock, and finds what it wrote.
        """
        self._present, self._seen = None, {}
        rows = execute(connection, "load/suppressed", account=self._account.name)
        if not rows:
            return
        forgotten = read_forgotten(connection, rows)
        hasher = forgotten.hasher
        records: dict[str, bool] = {}
        if rows[0].has_records:
            keys = [one.key for one in observations if one.key is not None]
            found = execute(
                connection,
                "load/suppressed_records",
                account=self._account.name,
                streams=[stream.name for stream in self._streams],
                hashes=[self._hash(hasher, key, one) for one in self._streams for key in keys],
            )
            records = {row.record_hash: row.is_kept for row in found}
        own = hasher.account(self._account.name)
        everything = any(row.hash == own for row in rows)
        self._present = _Present(forgotten, records, everything)

    @property
    def is_on(self) -> bool:
        """Whether anybody is to be left out of the batch: else all of it passes."""
        return self._present is not None

    def passes(self, record: Any, encoded: bytes, observation: Observation) -> Any:
        """What of a record may be stored: itself; a part of it, without the person; or LEFT_OUT."""
        if self._present is None:
            return record
        name = observation.key or payload.digest(identity(self._stream, record, encoded))
        hasher = self._present.forgotten.hasher
        hashes = [self._hash(hasher, name, stream) for stream in self._streams]
        named = self._present.forgotten.first(encoded.decode(), self._account.country)
        keeps = self._keeps(self._present, hashes, named)
        if keeps is None:
            return record
        bare = self._bare(record, observation.key) if keeps else LEFT_OUT
        if bare is LEFT_OUT and keeps and named is None and is_detail(self._source):
            return LEFT_OUT  # alone: the call that it is of stays
        if observation.key is None:
            self.unkeyed.add(payload.digest(payload.encode(observation.record)))
        self._seen[hashes[0]] = (replace(observation, record=record), bare is not LEFT_OUT)
        return bare

    def end_batch(self, connection: Connection, day: date) -> set[date]:
        """Counts what was left out of the batch, and erases what is stored of it from a time when
        nobody knew whose it was. `day` is that of records that say none. Returns the days whose
        counts change.
        """
        if not self._seen:
            return set()
        self._left_out |= {hashed for hashed, (_, is_kept) in self._seen.items() if not is_kept}
        rows = execute(
            connection,
            "load/suppress_records",
            hashes=list(self._seen),
            days=self._days([observation for observation, _ in self._seen.values()], day),
            kept=[is_kept for _, is_kept in self._seen.values()],
            seen=[observation.observed_at for observation, _ in self._seen.values()],
            **self._source.where,
        )
        days = {row.call_date for row in rows}
        keys = [one.key for one, is_kept in self._seen.values() if one.key and not is_kept]
        return days | self._erase(connection, keys)

    def forget_missing(
        self, connection: Connection, days: Sequence[date], observed_at: datetime
    ) -> None:
        """Stops counting what was left out of days before, and isn't in a full read of them."""
        if self._present is not None:
            execute(connection, "load/miss_suppressed", days=list(days), observed_at=observed_at,
                    hashes=list(self._left_out), **self._source.where)  # fmt: skip

    def _erase(self, connection: Connection, keys: Sequence[str]) -> set[date]:
        """Of a detail that names somebody the record goes that it is of, with all its details."""
        account = self._account.name
        streams = self._source.of or (self._stream, *self._source.details)
        root = streams[0]
        known = sorted({key for stream in streams for key in self._known(connection, stream, keys)})
        if not known:
            return set()
        lock_streams(connection, account, *streams)
        if root is not self._stream:
            assert self._present
            hasher = self._present.forgotten.hasher
            suppress_records(connection, account, root, known, hasher, is_kept=False)
        days, _ = erase_records(connection, account, streams, known)
        now = execute(connection, "load/clock")[0].now
        settle_erased(connection, account, streams, days, now, but=self._stream)
        return days.get(self._stream.name, set())

    def _known(
        self, connection: Connection, stream: AnyStream, keys: Sequence[str]
    ) -> Iterator[str]:
        where = {"account": self._account.name, "stream": stream.name, "keys": list(keys)}
        yield from (row.record_key for row in execute(connection, "erase/known", **where))

    @staticmethod
    def _keeps(present: _Present, hashes: list[str], named: Suppressed | None) -> bool | None:
        """Whether it is kept without the person; None where there is nobody to forget in it."""
        if present.everything:
            return False
        answers = {present.records.get(hashed) for hashed in hashes}
        answers.add(named.keeps_calls if named else None)
        answers.discard(None)
        return False not in answers if answers else None

    def _bare(self, record: Record, key: str | None) -> Any:
        """What may be kept of the record, or LEFT_OUT. Of what only adds to another record that is
        nothing.
        """
        if key is None or self._stream.target.kind is Kind.ENRICHMENT:
            return LEFT_OUT
        assert self._present
        forgotten = self._present.forgotten
        bare = without_person(record, self._stream, self._account, forgotten)
        return LEFT_OUT if bare is None else bare

    def _days(self, observations: Sequence[Observation], day: date) -> list[date]:
        """The business days of records that aren't stored, as if they were."""
        items = [
            Item(one.key, one.record, b"", "", one, one.observed_at)
            for one in observations
            if one.key is not None
        ]
        map_records(items, self._source, day)
        days = {item.key: item.call_date for item in items}
        return [(one.key and days[one.key]) or one.day or day for one in observations]

    def _hash(self, hasher: Hasher, key: str, stream: AnyStream) -> str:
        return hasher.record(self._account.name, stream.name, key)
