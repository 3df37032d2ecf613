"""A batch of records into raw and facts: only what changed is normalised, moved or written.

Not here: what to read (plan), asking for it (window), the writing (write), when a day is complete
(completeness).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection, Row

from assets.loading.account_stream import AccountStream
from assets.loading.landing.identity import identity, redacted
from assets.loading.landing.item import Item
from assets.loading.landing.mapping import map_records
from assets.loading.landing.moves import Moves
from assets.loading.landing.observation import Observation
from assets.loading.landing.record_states import RecordStates
from assets.loading.landing.suppression import LEFT_OUT, Suppression
from assets.loading.landing.turn import TURN
from assets.loading.landing.unstable import note_unstable
from assets.loading.landing.write import Unkeyed, Writer
from assets.loading.result import Growth, Loaded, StateSum
from resources.postgres.warehouse import execute, text_array
from resources.text import payload
from resources.vendor_api.vendor import AnyStream, Facts, Record


class _Keyed(NamedTuple):
    """What has a key: all that is made of a record that hasn't changed."""

    key: str
    record: Record
    encoded: bytes
    state: bytes
    """What of it tells it from its other states, and its digest."""
    digest: str
    observation: Observation


class Head(NamedTuple):
    """What raw has of a record: a row of `load/raw_heads`. (To ask the driver's rows for their
    fields costs more than to parse the payloads.)
    """

    record_key: str
    call_date: date
    version: int
    digest: str
    observed_at: datetime
    first_seen_at: datetime
    missing_since: datetime | None
    is_open: bool
    rejected: bool
    faults: dict[str, str] | None
    payload: str


@dataclass(frozen=True, slots=True)
class _Batch:
    """What was read, by what can be done with it."""

    keyed: list[_Keyed]
    unkeyed: list[Unkeyed]
    repeated: list[Observation]
    """Further versions of records that are in `keyed`: they come after those."""


class Landing:
    """Lands batches of one account's stream. `days` are those that are asked for, the first of them
    is the business day of what says none; `require_days` raises when one has no partitions yet.
    """

    def __init__(
        self,
        source: AccountStream[AnyStream],
        days: Sequence[date],
        require_days: Callable[[set[date]], None],
    ) -> None:
        self.source = source
        self.account, self.stream = source.account, source.stream
        self.days = set(days)
        self._day = days[0]
        self._require_days = require_days
        self._writer = Writer(source)
        self.suppression = Suppression(source)
        self.moves = Moves(source)
        self.landed = StateSum()
        """Of all that has a key, changed or not."""
        self.unkeyed: set[str] = set()
        """Digests of what was read and has no key."""
        self.rejected: set[str] = set()
        """Keys of what was read and isn't a fact."""
        self.undated: set[str] = set()
        """Keys of what of it doesn't say its day either."""
        self.changed: set[date] = set()
        """Days of records that came in another state than before."""
        self.is_overtaken = False
        """Whether a newer answer had landed first, with other states of some of these records."""
        self._several: set[str] = set()
        self._undecided: dict[str, RecordStates] = {}

    def land(self, connection: Connection, observations: Sequence[Observation]) -> Loaded:
        """Writes a batch in the connection's transaction, whose holder has the stream's lock."""
        loaded, others = Loaded(), set[date]()
        self.suppression.begin_batch(connection, observations)
        while observations:
            with TURN:
                batch = self._sort(observations)
            changed = self._changed(connection, batch.keyed, loaded)
            if changed or batch.unkeyed:
                others |= self._write(connection, changed, batch.unkeyed, loaded)
            observations = batch.repeated
        others |= self.suppression.end_batch(connection, self._day)
        self.landed.add(loaded.states)
        loaded.days |= others
        for day in others & loaded.grown.keys():
            del loaded.grown[day]
        return loaded

    def decided(self) -> list[Observation]:
        """What could be decided only when all of a read had come; still to be landed, in order.
        Raises ContractError when two records have one key.
        """
        moved = self.moves.decide()
        return [*moved, *(one for contest in self._undecided.values() for one in contest.decide())]

    @property
    def in_several_states(self) -> int:
        """How many records came in more than one state, on different pages of one read."""
        contested = {key for key, contest in self._undecided.items() if contest.is_several}
        return len(self._several | contested)

    def rebuild(self, connection: Connection, heads: Sequence[Head], have_facts: bool) -> Loaded:
        """Makes facts from raw alone, as if all had changed. Of them there may be facts, or there
        are none.
        """
        stored = [head.payload.encode() for head in heads]
        # At once: to look at each alone costs more than to parse it.
        records = payload.decode(b"[" + b",".join(stored) + b"]")
        seen = [
            Observation(record, 0, head.observed_at, head.record_key, day=head.call_date)
            for head, record in zip(heads, records, strict=True)
        ]
        self.suppression.begin_batch(connection, seen)
        passed = [self.suppression.passes(*one) for one in zip(records, stored, seen, strict=True)]
        items = [
            Item(
                key=head.record_key,
                record=record,
                encoded=encoded,
                digest=head.digest,
                observation=observation,
                first_seen_at=head.first_seen_at,
                old_date=head.call_date,
                version=head.version,
                is_new_version=False,
                was_rejected=head.rejected,
                was_open=head.is_open,
                old_faults=head.faults,
                was_missing_since=head.missing_since,
                missing_since=head.missing_since,
            )
            for head, record, encoded, observation in zip(heads, passed, stored, seen, strict=True)
            if record is not LEFT_OUT
        ]
        loaded = Loaded()
        if items:
            self._write(connection, items, [], loaded, have_facts)
            loaded.days |= {head.call_date for head in heads}
        loaded.days |= self.suppression.end_batch(connection, self._day)
        return loaded

    def _sort(self, observations: Sequence[Observation]) -> _Batch:
        """Digests of what was read: all that an unchanged record costs."""
        stream, suppression = self.stream, self.suppression
        is_suppressed = suppression.is_on
        keyed: dict[str, _Keyed] = {}
        unkeyed: dict[str, Unkeyed] = {}
        repeated: dict[str, list[Observation]] = {}
        for observation in observations:
            record = redacted(stream, observation.record) if stream.redact else observation.record
            encoded = payload.encode(record)
            if is_suppressed:
                passed = suppression.passes(record, encoded, observation)
                if passed is LEFT_OUT:
                    continue
                if passed is not record:
                    record, encoded = passed, payload.encode(passed)
            state = identity(stream, record, encoded) if stream.volatile else encoded
            digest = payload.digest(state)
            if (key := observation.key) is None:
                day = observation.day or self._day
                unkeyed[digest] = Unkeyed(encoded, digest, observation.fault, day)
                continue
            if known := keyed.get(key):
                if key in repeated or known.digest != digest:
                    repeated.setdefault(key, []).append(observation)
                    continue
                # It stays as new as it was when it came first.
                observation.came_before = known.observation.came_before
            keyed[key] = _Keyed(key, record, encoded, state, digest, observation)
        self.unkeyed.update(unkeyed)
        later = [observation for versions in repeated.values() for observation in versions]
        return _Batch(list(keyed.values()), list(unkeyed.values()), later)

    def _changed(self, connection: Connection, keyed: list[_Keyed], loaded: Loaded) -> list[Item]:
        """Those that must be written; the others only count."""
        if not keyed:
            return []
        moments: dict[datetime, str] = {}
        for one in keyed:
            moments.setdefault(one.observation.observed_at, str(len(moments) + 1))
        came_before = [one.observation.came_before for one in keyed]
        rows = execute(
            connection,
            "load/changed_records",
            keys=text_array([one.key for one in keyed]),
            digests=text_array([one.digest for one in keyed]),
            moments=list(moments),
            moment=text_array([moments[one.observation.observed_at] for one in keyed]),
            came_before=came_before if any(came_before) else [],
            contests=keyed[0].observation.twins is None,
            replaces=self.stream.replaces,
            **self.source.where,
        )
        changed: list[Item] = []
        for row in rows:
            loaded.states.add(StateSum(row.states, row.hashes))
            if row.places is None:
                loaded.by_day[row.old_date].records += row.records
                self.is_overtaken |= row.is_new_version
                continue
            these = [keyed[place] for place in sorted(row.places)]
            if row.is_contested:
                for one in these:
                    self._undecided.setdefault(one.key, RecordStates.of(row)).add(
                        one.digest, one.state, one.observation
                    )
            else:
                changed += self._items(these, row)
        return changed

    def _items(self, records: Iterable[_Keyed], row: Row[Any]) -> Iterator[Item]:
        """The records, of all of which the same is stored."""
        # A batch is thousands: what they share is looked up once.
        first_seen_at, old_date, version = row.first_seen_at, row.old_date, row.version
        is_new_version, was_rejected = row.is_new_version, row.was_rejected
        old_faults, was_missing_since = row.old_faults, row.was_missing_since
        for one in records:
            yield Item(
                one.key, one.record, one.encoded, one.digest, one.observation,
                first_seen_at=first_seen_at or one.observation.observed_at,
                old_date=old_date,
                version=version,
                is_new_version=is_new_version,
                was_rejected=was_rejected,
                old_faults=old_faults,
                was_missing_since=was_missing_since,
                twins=self._twins(one, row),
            )  # fmt: skip

    def _twins(self, one: _Keyed, row: Row[Any]) -> tuple[str, ...]:
        """Digests of the states that came in the same read as a new one."""
        if one.observation.twins is not None:
            return one.observation.twins
        if not (one.observation.came_before and row.old_digest and row.is_new_version):
            return ()
        self._several.add(one.key)
        return (row.old_digest.hex,)

    def _write(
        self,
        connection: Connection,
        items: list[Item],
        unkeyed: list[Unkeyed],
        loaded: Loaded,
        have_facts: bool = True,
    ) -> set[date]:
        """Returns the days on which something else was written than new records."""
        with TURN:
            facts = map_records(items, self.source, self._day)
        if len(others := self.moves.hold(items)) < len(items):
            items = others
            with TURN:
                facts = map_records(items, self.source, self._day)
        keys = {item.key for item in items}
        self.rejected -= keys
        self.rejected |= {item.key for item in items if item.rejected}
        self.undated -= keys
        self.undated |= {item.key for item in items if not item.is_dated}
        self.changed |= {
            item.call_date for item in items if item.version > 0 and item.writes and item.call_date
        }
        touched = {day for item in items for day in (item.call_date, item.old_date) if day}
        self._require_days(touched | {item.call_date for item in unkeyed})
        note_unstable(connection, self.source, items)
        written = self._writer.write(connection, items, facts, unkeyed, have_facts)
        loaded.days |= written.days
        _count(loaded, items, facts)
        for one in unkeyed:
            loaded.by_day[one.call_date].records += 1
            loaded.reject(one.call_date, "record", one.reason)
        if written.only_new and not facts.faults:
            self._grow(loaded, items, facts)
            return set()
        return written.days

    def _grow(self, loaded: Loaded, items: Sequence[Item], facts: Facts) -> None:
        """Counts new records by day, and those of them that are facts."""
        target = self.stream.target
        places: Iterable[int] = range(len(items))
        if target.kind.is_counted:
            frame = facts.tables.get(target.name)
            places = () if frame is None else frame.index.unique()
        for (day, is_open), number in Counter((i.call_date, i.is_open) for i in items).items():
            assert day
            growth = loaded.grown.setdefault(day, Growth())
            growth.raw_records += number
            growth.open_records += is_open * number
        for day, number in Counter(items[place].call_date for place in places).items():
            assert day
            loaded.grown[day].facts += number


def _count(loaded: Loaded, items: Sequence[Item], facts: Facts) -> None:
    loaded.new_fields |= facts.new_fields
    for day, number in Counter(item.call_date for item in items).items():
        assert day
        loaded.by_day[day].records += number
    written = Counter(
        (item.call_date, item.version == 0) for item in items if item.writes and not item.rejected
    )
    for (day, is_new), number in written.items():
        assert day
        figures = loaded.by_day[day]
        figures.new += is_new * number
        figures.changed += (not is_new) * number
    for reject in facts.rejects:
        day = items[reject.index].call_date
        assert day
        loaded.reject(day, reject.field, reject.reason)
