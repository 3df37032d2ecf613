"""Forgetting somebody at any point of a history leaves the tables as if they had never called.

Each history is lived twice: with everybody, who are forgotten at some point, and without those who
are ever forgotten. The counts of what was left out are all that may differ.
"""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from assets.privacy import forget
from assets.privacy.forget import Person
from resources.account import Account
from resources.postgres.warehouse import Warehouse
from resources.standin import Clock, StandIn, Tenant
from resources.vendor_api.vendor import Stream
from resources.windows import days_between
from tests.loading.tables import tables_of
from tests.model.system import System
from tests.model.vendors import KINDS, Kind, Thing
from tests.privacy_site import site_of

NOON = datetime(2025, 3, 12, 15, tzinfo=UTC)
CALLERS = {
    "conpeek": ("from_display_target", {"A": "+48505550177", "B": "505 550 188"}),
    "evolux": ("caller", {"A": "+5511999480077", "B": "(11) 99948-0088"}),
}
"""By vendor: the field that has the caller, and two people's numbers as the vendor writes them."""
E164 = {
    "conpeek": {"A": "+48505550177", "B": "+48505550188"},
    "evolux": {"A": "+5511999480077", "B": "+5511999480088"},
}
COUNTS = ("state", "raw_records", "facts", "rejects", "open_records", "missing")
numbers = st.integers(1, 6)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("put"), numbers, st.integers(0, 2_000), st.sampled_from("okgb")),
        st.tuples(st.just("remove"), numbers),
        st.tuples(st.just("later"), st.sampled_from([5, 90, 1_500])),
        st.sampled_from([("poll",), ("backfill",), ("rebuild",)]),
        st.tuples(st.just("forget"), st.sampled_from("AB")),
    ),
    min_size=4,
    max_size=16,
)
Action = tuple[Any, ...]


class Life:
    """One account's history, without the calls of some people."""

    def __init__(self, system: System, kind: Kind, without: set[str], home: Path) -> None:
        system.clock.set(NOON)
        self.system, self.kind, self.without, self.home = system, kind, without, home
        self.first = (NOON - timedelta(days=2)).date()
        self.tenant: Tenant
        self.account: Account
        self.stream: Stream
        self.tenant, self.account, self.stream = system.open(kind, self.first)
        self.things: dict[int, Thing] = {}

    def live(self, history: list[Action]) -> None:
        """All of it, and then until nothing is open any more, nor in doubt."""
        for name, *arguments in history:
            getattr(self, f"_{name}")(*arguments)
        self._later(60 * 24 * 30)
        for _ in range(4):  # rejects that stay as they are let their day settle
            self._backfill()
        self._later(60 * 24)
        for _ in range(3):  # an empty day is read alone, and is empty a day later, too
            self._poll()
            self._later(60 * 25)

    def tables(self) -> dict[str, Any]:
        """What is stored; of days only what isn't of the vendor's own count."""
        found: dict[str, Any] = tables_of(self.system, self.account)
        found["ops.days"] = self.system.query(
            f"SELECT call_date, {', '.join(COUNTS)} FROM ops.days "
            "WHERE account = :account ORDER BY 1",
            self.account,
        )
        return found

    def _put(self, number: int, ago: int, how: str) -> None:
        caller = {1: "A", 2: "B"}.get(number % 3)
        if caller in self.without:
            return
        start = (self.system.clock.now() - timedelta(minutes=ago)).replace(microsecond=0)
        known = self.things.get(number)
        thing = Thing(number, known.start if known else start, start, ago % 97,
                      garbled=how == "g", broken=how == "b")  # fmt: skip
        self.things[number] = thing
        field, callers = CALLERS[self.kind.vendor]
        shown = self.kind.show(thing, self.kind.zone)
        self.tenant.put([shown | ({field: callers[caller]} if caller else {})])

    def _remove(self, number: int) -> None:
        if thing := self.things.pop(number, None):
            self.kind.remove(self.tenant, thing)

    def _later(self, minutes: int) -> None:
        self.system.clock.advance(timedelta(minutes=minutes))

    def _poll(self) -> None:
        assert self.system.poll(self.account, self.stream).error is None

    def _backfill(self) -> None:
        assert self.system.backfill(self.account, self.stream, self._days()).error is None

    def _rebuild(self) -> None:
        assert self.system.rebuild(self.account, self.stream, self._days()).error is None

    def _forget(self, who: str) -> None:
        if who not in self.without:
            site = site_of(self.system.warehouse, {self.account.name: self.account}, self.home)
            forget.forget_person(site, Person(E164[self.kind.vendor][who]))

    def _days(self) -> list[date]:
        """Those that anything may be of: not those of the last month, when nothing happens."""
        return days_between(self.first, (NOON + timedelta(days=8)).date())


@pytest.fixture(scope="module")
def system(module_warehouse: Warehouse) -> Iterator[System]:
    with StandIn(clock=Clock(NOON)) as standin:
        system = System(module_warehouse, standin, standin.clock)
        yield system
        system.close()


def _check(system: System, kind: Kind, history: list[Action], home: Path) -> None:
    gone = {action[1] for action in history if action[0] == "forget"}
    lives = [Life(system, kind, without, home) for without in (set[str](), gone)]
    tables = []
    for life in lives:
        system.clock.set(NOON)
        life.live(history)
        tables.append(life.tables())
        with system.warehouse.transaction() as connection:
            connection.exec_driver_sql("TRUNCATE ops.suppressed, ops.suppressed_records")
    for table in tables[0]:
        assert tables[0][table] == tables[1][table], (table, gone)


def _kinds() -> list[Kind]:
    return [kind for kind in KINDS if kind.vendor in CALLERS]


def _settings(examples: int, **how: Any) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        **how,
    )


@pytest.mark.parametrize("kind", _kinds(), ids=str)
def test_as_if_they_had_never_called(system: System, kind: Kind, tmp_path: Path) -> None:
    @_settings(2, derandomize=True, database=None)
    @given(history=actions)
    def check(history: list[Action]) -> None:
        _check(system, kind, history, tmp_path)

    check()


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", _kinds(), ids=str)
def test_of_many_histories(system: System, kind: Kind, tmp_path: Path) -> None:
    @_settings(int(os.environ.get("HISTORIES", "100")))
    @given(history=actions)
    def check(history: list[Action]) -> None:
        _check(system, kind, history, tmp_path)

    check()
