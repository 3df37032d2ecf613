"""What the tables must hold: computed from what the vendor served, and from what it has at last."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from resources.account import Account
from resources.text import payload
from resources.vendors import discover
from sql.table import Table
from tests.model.system import Served, System
from tests.model.vendors import Kind, Payload, Thing

Versions = dict[str, list[Payload]]

RAW = """SELECT record_key, version, payload FROM raw.records WHERE account = :account
          ORDER BY record_key, version"""
HEADS = """SELECT h.record_key, h.version, h.call_date, h.rejected, h.missing_since, h.is_open,
                  (SELECT max(version) FROM raw.records r WHERE r.account = h.account
                      AND r.stream = h.stream AND r.record_key = h.record_key) AS newest,
                  (SELECT count(*) FROM raw.records r WHERE r.account = h.account
                      AND r.stream = h.stream AND r.record_key = h.record_key
                      AND r.version = h.version AND r.call_date = h.call_date) AS there
             FROM raw.heads h WHERE h.account = :account"""
REJECTS = """SELECT record_key, call_date, field FROM ops.rejects
              WHERE account = :account AND resolved_at IS NULL"""
FAULTS = """SELECT call_date, field, records FROM ops.field_faults WHERE account = :account"""
DAYS = """SELECT * FROM ops.days WHERE account = :account ORDER BY call_date"""


class Reference:
    """Of one account: the versions that were served, in order."""

    def __init__(self, system: System, kind: Kind, account: Account) -> None:
        self.versions: Versions = defaultdict(list)
        self._bench = system
        self._kind = kind
        self._account = account

    def take(self, served: Iterable[Served], was_killed: bool, has_failed: bool = False) -> None:
        """Checks raw against what was served since. Of a killed load a part may be lacking; of one
        that failed, what it showed of known records: that one has moved is believed at the end.
        """
        stored, seen = self._stored(), self._seen(served)
        if was_killed or has_failed:
            doubtful = {key for key in stored if was_killed or self.versions[key]}
            for key in doubtful:
                before = self.versions[key]
                assert stored[key][: len(before)] == before, key
                _assert_in_order(stored[key][len(before) :], seen.pop(key, []))
                self.versions[key] = stored[key]
        if was_killed:
            return
        for key, records in seen.items():
            for record in records:
                if self.versions[key][-1:] != [record]:
                    self.versions[key].append(record)
        assert stored == {key: versions for key, versions in self.versions.items() if versions}

    def _stored(self) -> Versions:
        stored: Versions = defaultdict(list)
        for row in self._query(RAW):
            stored[row.record_key].append(row.payload)
            assert row.version == len(stored[row.record_key])
        return stored

    def _seen(self, served: Iterable[Served]) -> Versions:
        seen: Versions = defaultdict(list)
        for answer in served:
            for key, record in self._of_one_answer(answer):
                seen[key].append(record)
        return seen

    def _of_one_answer(self, answer: Served) -> Iterator[tuple[str, Payload]]:
        """Two different records under one key aren't two versions: one counts, in any order."""
        shown: dict[str, list[Payload]] = defaultdict(list)
        for row in answer.rows:
            if isinstance(row, dict):
                shown[self._kind.key_of(row, answer.day)].append(payload.storable(row))
        for key, records in shown.items():
            yield key, min(records, key=payload.encode)

    def check_always(self) -> None:
        """What holds at any moment."""
        facts = self._facts()
        heads = self._query(HEADS)
        rejects = [row.record_key for row in self._query(REJECTS) if row.record_key is not None]
        standing = {h.record_key for h in heads if not (self._kind.replaces and h.missing_since)}
        assert sorted([*facts, *rejects]) == sorted(standing), "raw = facts + rejects"
        for head in heads:
            assert (head.newest, head.there) == (head.version, 1), head.record_key
            if head.record_key in facts:
                fact = facts[head.record_key]
                assert (fact.call_date, fact.missing_since) == (head.call_date, head.missing_since)
        for day in self._query(DAYS):
            mine = [h for h in heads if h.call_date == day.call_date and h.record_key in standing]
            counted = (
                len(mine), sum(not h.rejected for h in mine), sum(h.rejected for h in mine),
                sum(h.is_open and not h.missing_since for h in mine),
                sum(h.missing_since is not None for h in mine),
            )  # fmt: skip
            told = (day.raw_records, day.facts, day.rejects, day.open_records, day.missing)
            assert told == counted, day
            if day.state != "complete":
                continue
            if any(h.rejected and not h.missing_since for h in mine):
                assert "rejected, the same at" in day.note, day

    def check_at_rest(self, things: dict[int, Thing], days: Iterable[date]) -> None:
        """What holds when all has been read that will ever be."""
        kind = self._kind
        present = {kind.key(thing): thing for thing in things.values()}
        facts, heads = self._facts(), {h.record_key: h for h in self._query(HEADS)}
        rejected = {row.record_key for row in self._query(REJECTS)}
        assert None not in rejected, "what had no key is resolved"
        assert heads.keys() == {*self.versions, *present}
        for key, thing in present.items():
            shown = kind.show(thing, kind.zone)
            assert self.versions[key][-1] == shown
            assert heads[key].missing_since is None
            assert (key in rejected, key in facts) == (thing.broken, not thing.broken)
            if not thing.broken:
                fact = facts[key]
                value = None if thing.garbled else thing.value
                assert (fact.call_date, fact.value) == (thing.day(kind.zone), value)
                assert kind.replaces or fact.started_at == thing.start
        for key in heads.keys() - present.keys():
            assert heads[key].missing_since is not None, key
            if kind.replaces:
                assert key not in facts
                assert key not in rejected
        self._check_days(present, days)
        garbled = Counter(t.day(kind.zone) for t in present.values() if t.garbled and not t.broken)
        faults = {(row.call_date, row.field): row.records for row in self._query(FAULTS)}
        assert faults == {(day, kind.value_field): count for day, count in garbled.items()}

    def _check_days(self, present: dict[str, Thing], days: Iterable[date]) -> None:
        states = {row.call_date: row for row in self._query(DAYS)}
        for day in days:
            mine = [t for t in present.values() if t.day(self._kind.zone) == day]
            state = states[day]
            assert state.state == "complete", state
            assert state.raw_records - state.missing == len(mine), state
            total = len(mine) if self._kind.tells_total else None
            if not mine and self._kind.says_nothing_of_none:
                total = None
            assert state.vendor_total == total, state

    def _facts(self) -> dict[str, Any]:
        """The rows by record; all tables of the stream hold the same of it."""
        tables = discover()[self._kind.vendor].stream(self._kind.stream).tables
        rows, *others = (self._rows(table) for table in tables)
        assert all(sorted(other) == sorted(rows) for other in others)
        found = {row.record_key: row for row in rows}
        assert len(found) == len(rows), "one row a record, whatever days it has been in"
        return found

    def _rows(self, table: Table) -> list[Any]:
        key = " || '/' || ".join(table.record_key)
        life = (
            name if table.has(name) else f"CAST(NULL AS timestamptz) AS {name}"
            for name in ("started_at", "missing_since")
        )
        return self._query(
            f"SELECT {key} AS record_key, call_date, "
            f"{', '.join(life)}, {self._kind.column} AS value FROM facts.{table.name} "
            "WHERE account = :account"
        )

    def _query(self, text: str) -> list[Any]:
        return self._bench.query(text, self._account)


def _assert_in_order(versions: list[Payload], served: list[Payload]) -> None:
    rest = iter(served)
    assert all(any(version == other for other in rest) for version in versions)
