"""Random histories of a vendor, its faults and our crashes, held against a plain reference.

*Lawful* histories keep to what each stream declares of how long its records may change: then polls
alone must make every day right. In the others anything may happen, and a last backfill mends all.
"""

import copy
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import stamina
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from assets.loading.result import Result
from assets.loading.window import read
from resources.postgres.warehouse import Warehouse
from resources.standin import Clock, Fault, Quirk, StandIn
from resources.windows import day_end, day_start, days_between
from tests.model.reference import Reference
from tests.model.system import System
from tests.model.vendors import KINDS, Kind, Thing

BEGINNINGS = (
    datetime(2025, 3, 12, 15, 0, tzinfo=UTC),
    datetime(2025, 3, 30, 0, 30, tzinfo=UTC),  # Warsaw: a day of 23 hours
    datetime(2025, 4, 5, 22, 0, tzinfo=UTC),  # Santiago: a day of 25 hours
    datetime(2025, 9, 6, 22, 0, tzinfo=UTC),  # Santiago: a day that has no midnight
    datetime(2025, 10, 25, 21, 0, tzinfo=UTC),  # Warsaw: a day of 25 hours
)
BATCHES = (2, read.BATCH)
STEPS = (1, 5, 29, 65, 180, 500, 1500, 4400)
"""Minutes between two things that happen: from the next poll to a weekend."""
QUIRKS = {
    "none": (),
    "a cap": (Quirk.page_cap(2),),
    "gaps": (Quirk.page_cap(2), Quirk.gaps(3)),
    "a depth": (Quirk.page_cap(2), Quirk.deep_pages_refused(4)),
    "first page again": (Quirk.page_cap(2), Quirk.first_page_only()),
    "last page again": (Quirk.page_cap(2), Quirk.last_page_again()),
    "a total that grows": (Quirk.page_cap(2), Quirk.growing_total()),
    "rows twice": (Quirk.page_cap(3), Quirk.rows_twice(2)),
    "nothing found": (Quirk.nothing_found(),),
}
"""With small pages, as there are few records."""
BEFORE = timedelta(days=2)
SAFE = timedelta(minutes=1)
numbers = st.integers(1, 6)
values = st.integers(0, 99)
statements = st.none() | st.integers(1, 40)


class Histories(RuleBasedStateMachine):
    def __init__(self, system: System, kind: Kind, lawful: bool) -> None:
        super().__init__()
        self.system, self.kind, self.lawful = system, kind, lawful
        self.things: dict[int, Thing] = {}
        self.strangers: set[date] = set()

    @property
    def now(self) -> datetime:
        return self.system.clock.now()

    @initialize(beginning=st.sampled_from(BEGINNINGS), batch=st.sampled_from(BATCHES))
    def begin(self, beginning: datetime, batch: int) -> None:
        read.BATCH = batch
        self.system.clock.set(beginning)
        first = (beginning - BEFORE).astimezone(self.kind.zone).date()
        self.first = first
        self.tenant, self.account, self.stream = self.system.open(self.kind, first)
        self.token = self.tenant.token
        self.reference = Reference(self.system, self.kind, self.account)
        self.watermark: datetime | None = None

    # What happens at the vendor.

    @rule(number=numbers, ago=st.integers(0, 2 * 24 * 60), value=values, ended=st.booleans())
    def new(self, number: int, ago: int, value: int, ended: bool) -> None:
        if number in self.things:
            return
        start = self._plausible(self.now - timedelta(minutes=ago))
        self._set(Thing(number, start, self.now if ended else None, value))

    @rule(number=numbers, value=values, ends=st.booleans())
    def change(self, number: int, value: int, ends: bool) -> None:
        if thing := self.things.get(number):
            end = thing.end or (self.now if ends else None)
            self._set(replace(thing, value=value, end=end, garbled=False, broken=False))

    @rule(number=numbers)
    def garble(self, number: int) -> None:
        if thing := self.things.get(number):
            self._set(replace(thing, garbled=True))

    @rule(number=numbers)
    def spoil(self, number: int) -> None:
        if thing := self.things.get(number):
            self._set(replace(thing, broken=True))

    @rule(number=numbers, ago=st.integers(0, 3 * 24 * 60))
    def move(self, number: int, ago: int) -> None:
        thing = self.things.get(number)
        if thing and self.kind.moves:
            self._set(replace(thing, start=self._plausible(self.now - timedelta(minutes=ago))))

    @rule(number=numbers)
    def vanish(self, number: int) -> None:
        thing = self.things.get(number)
        if thing and self._may_change(thing):
            self.kind.remove(self.tenant, thing)
            del self.things[number]

    @rule(minutes=st.sampled_from(STEPS))
    def time_passes(self, minutes: int) -> None:
        self.system.clock.advance(timedelta(minutes=minutes))

    @rule(fault=st.sampled_from(["html", "empty", "reset", "half", "truncated", "error", "wrong",
                                 "odd", "repeat", "nul", "firewall", "login", "failure"]),
          times=st.integers(1, 2))  # fmt: skip
    def fault(self, fault: str, times: int) -> None:
        self.tenant.arm(self._fault(fault), times)

    @precondition(lambda self: not self.lawful)
    @rule()
    def passing_field(self) -> None:
        """For one answer: a reader can't know that it isn't a change to stay."""
        self.tenant.arm(self._fault("unheard_of"))

    @precondition(lambda self: not self.lawful)
    @rule(records=st.integers(1, 3))
    def short_answer(self, records: int) -> None:
        """Of one answer: of two in a row nobody could tell them from the truth."""
        self.tenant.arm(Fault.short(records))

    @rule(quirk=st.sampled_from([*QUIRKS, "clocks", "blanks"]))
    def habit(self, quirk: str) -> None:
        """Of the server, from now on."""
        if self.lawful and quirk == "rows twice":
            return  # the total that it tells of a day stays with the day
        if quirk == "nothing found" and self.kind.vendor != "vono":
            return
        field = self.kind.value_field
        writing = {"clocks": (Quirk.clocks(field),), "blanks": (Quirk.nothing_as(field, -1),)}
        self.tenant.behave(*(QUIRKS | writing)[quirk])

    @rule(quirk=st.sampled_from(["any_order", None]))
    def lawful_habit(self, quirk: str | None) -> None:
        self.tenant.behave(*([Quirk.named(quirk)] if quirk else []))

    @precondition(lambda self: not self.lawful)
    @rule(
        quirk=st.sampled_from(
            [
                Quirk.forgets(0),
                Quirk.forgets(1),
                Quirk.forgets(2),
                Quirk.part_only(1),
                Quirk.signed(),
            ]
        )
    )
    def lawless_habit(self, quirk: Quirk) -> None:
        """Of what it shows only a part, or always changed, no poll can know what it has."""
        self.tenant.behave(quirk)

    @rule(accepts=st.sampled_from([True, True, False]))
    def credential(self, accepts: bool) -> None:
        """Refused by the vendor itself, or accepted again: polls stop, and go on by themselves."""
        self.tenant.token = self.token if accepts else "another"

    @precondition(lambda self: self.kind.tells_total)
    @rule()
    def wrong_total(self) -> None:
        self.tenant.arm(Fault.total(99))

    @precondition(lambda self: self.kind.moves and (self.kind.tells_total or not self.lawful))
    @rule(number=st.integers(100, 105), days=st.integers(-2, 1))
    def stranger(self, number: int, days: int) -> None:
        """A record that the window doesn't ask for, and that the vendor doesn't have."""
        start = self._plausible(self.now + timedelta(days=days))
        thing = Thing(number, start, start, 7)
        self.tenant.arm(Fault.add(self.kind.show(thing, self.kind.zone)))
        self.strangers.add(thing.day(self.kind.zone))

    # What we do.

    @rule(kill_at=statements, deadlock_at=statements)
    def poll(self, kill_at: int | None, deadlock_at: int | None) -> None:
        self._load(lambda: self.system.poll(self.account, self.stream), kill_at, deadlock_at)

    @rule(kill_at=statements, deadlock_at=statements, last=st.integers(0, 3))
    def backfill(self, kill_at: int | None, deadlock_at: int | None, last: int) -> None:
        days = self._days()[-1 - last :]
        self._load(
            lambda: self.system.backfill(self.account, self.stream, days), kill_at, deadlock_at
        )

    @rule()
    def poll_and_backfill_at_once(self) -> None:
        self.tenant.disarm()
        self.tenant.token = self.token
        days = self._days()

        def both() -> None:
            with ThreadPoolExecutor(2) as pool:
                poll = pool.submit(self.system.poll, self.account, self.stream)
                backfill = pool.submit(self.system.backfill, self.account, self.stream, days)
                assert poll.result().error is None or poll.result().stopped
                assert backfill.result().error is None

        self._load(both)

    @rule()
    def rebuild(self) -> None:
        self._load(lambda: self.system.rebuild(self.account, self.stream, self._days()))

    @invariant()
    def holds(self) -> None:
        self.reference.check_always()
        (row,) = self.system.query(
            "SELECT max(watermark) FROM ops.streams WHERE account = :account", self.account
        )
        if row[0] is not None:
            assert row[0] <= self.now
            assert self.watermark is None or row[0] >= self.watermark
            self.watermark = row[0]

    def teardown(self) -> None:
        if not hasattr(self, "tenant"):
            return
        self.tenant.disarm()
        self.tenant.token = self.token
        days = self._days()
        rest = day_end(days[-1], self.kind.zone) + self.stream.settle + timedelta(hours=2)
        while self.now < rest:
            self.system.clock.advance(timedelta(hours=11))
            self._load(lambda: self.system.poll(self.account, self.stream))
        if not self.lawful:
            self._load(lambda: self.system.backfill(self.account, self.stream, days))
        # What was opened again, or has failed, is due at once; what stays wrong after some hours.
        for minutes in (0, 10, 10, 10, 400, 400, 400, 1440, 1440):
            self.system.clock.advance(timedelta(minutes=minutes))
            self._load(lambda: self.system.poll(self.account, self.stream))
            self._accept(days)
        self.reference.check_always()
        self.reference.check_at_rest(self.things, days)

    def _accept(self, days: list[date]) -> None:
        """What is doubted is right: here the vendor has really given it up. A day may be doubted
        only when it is read again, hours later.
        """
        for day in days:
            self.system.warehouse.rows(
                "load/accept_day",
                account=self.account.name,
                stream=self.stream.name,
                day=day,
                now=self.now,
            )

    def _load(
        self, work: Callable[[], Any], kill_at: int | None = None, deadlock_at: int | None = None
    ) -> None:
        self.system.served.clear()
        result = None
        with self.system.trouble(kill_at, deadlock_at) as was_killed:
            result = work()
        has_failed = isinstance(result, Result) and result.error is not None
        self.reference.take(self.system.served, was_killed(), has_failed)

    def _set(self, thing: Thing) -> None:
        """The vendor's state from now on, if its laws allow it."""
        before = self.things.get(thing.number)
        if not (self._may_change(thing) and (before is None or self._may_change(before))):
            return
        if before and self.kind.replaces and before.start != thing.start:
            return
        self.kind.put(self.tenant, thing)
        self.things[thing.number] = thing

    def _may_change(self, thing: Thing) -> bool:
        """What the stream declares. Of streams that are final when nothing is open: the day that
        goes on, what is open, and what is only listed as it ends.
        """
        if not self.lawful:
            return True
        end = day_end(thing.day(self.kind.zone), self.kind.zone)
        if not self.kind.until_final:
            return self.now < end + self.stream.settle - SAFE
        before = self.things.get(thing.number)
        was_open = (
            before is not None
            and before.end is None
            and before.day(self.kind.zone) == (thing.day(self.kind.zone))
        )
        return self.now < end - SAFE or (was_open and self.now < end + self.stream.settle - SAFE)

    def _plausible(self, instant: datetime) -> datetime:
        """Whole seconds, not before the account's first day."""
        first = day_start(self.first, self.kind.zone)
        return max(instant.replace(microsecond=0), first)

    def _days(self) -> list[date]:
        last = self.now.astimezone(self.kind.zone).date()
        return days_between(self.first, max([last, *self.strangers]))

    def _fault(self, name: str) -> Fault:
        field = self.kind.value_field

        def first(change: Callable[[list[Any]], None]) -> Fault:
            return Fault.rows(
                lambda rows: change(rows) if rows and isinstance(rows[0], dict) else None
            )

        faults: dict[str, Callable[[], Fault]] = {
            "html": Fault.html,
            "empty": Fault.empty,
            "reset": Fault.reset,
            "half": Fault.half_body,
            "truncated": Fault.truncated_json,
            "error": lambda: Fault.status(500),
            "wrong": lambda: first(lambda rows: rows[0].update({field: {"nested": True}})),
            "nul": lambda: first(lambda rows: rows[0].update({field: "before\x00after"})),
            "unheard_of": lambda: first(lambda rows: rows[0].update({"unheard_of": "of"})),
            "odd": lambda: first(lambda rows: rows.__setitem__(0, list(rows[0].values()))),
            "firewall": Fault.firewall,
            "login": Fault.login,
            "failure": Fault.unsuccessful,
            "repeat": lambda: first(lambda rows: rows.append(copy.copy(rows[-1]))),
        }
        return faults[name]()


@pytest.fixture(scope="module")
def system(module_warehouse: Warehouse) -> Iterator[System]:
    clock = Clock()
    stamina.set_testing(True, attempts=4, cap=True)  # no pauses between attempts
    with StandIn(clock=clock) as standin:
        system = System(module_warehouse, standin, clock)
        yield system
        system.close()
    stamina.set_testing(False)
    read.BATCH = BATCHES[-1]


def _run(system: System, kind: Kind, lawful: bool, **how: Any) -> None:
    def machine() -> Histories:
        return Histories(system, kind, lawful)

    run_state_machine_as_test(
        machine,  # type: ignore[arg-type]
        settings=settings(
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            stateful_step_count=25,
            **how,
        ),
    )


@pytest.mark.parametrize("lawful", [True, False], ids=["lawful", "lawless"])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_any_history_ends_in_the_truth(system: System, kind: Kind, lawful: bool) -> None:
    _run(system, kind, lawful, max_examples=2, derandomize=True, database=None)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("lawful", [True, False], ids=["lawful", "lawless"])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_any_of_many_histories_ends_in_the_truth(system: System, kind: Kind, lawful: bool) -> None:
    _run(system, kind, lawful, max_examples=int(os.environ.get("HISTORIES", "150")))
