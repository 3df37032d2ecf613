"""Ends: of requests that hang, of runs that are over, and of polls that have too much to read."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from assets.loading import lease, load, plan, poll
from assets.loading.context import Watch, nobody
from assets.loading.load import Loader
from assets.loading.result import Result
from resources.http import client
from resources.http.permits import POLL
from resources.postgres.warehouse import Warehouse
from resources.standin import Fault, Quirk
from resources.vendors import discover
from resources.windows import day_start
from tests.loading.conftest import DAY, NOON, Open, Scene
from tests.loading.lists import EVERY, PAGED
from tests.waiting import wait_until

HANGING = [
    *[(vendor, Fault.hang()) for vendor in EVERY],
    ("conpeek", Fault.endless_headers(0.05)),
    ("evolux", Fault.endless_interim(0.05)),
    ("vono", Fault.endless_body(0.05)),
]


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "GRACE_S", 0.1)


def limited(here: Scene, **limits: Any) -> Scene:
    known = here.account.limits.model_copy(update=limits)
    here.account = here.account.model_copy(update={"limits": known})
    return here


@contextmanager
def loaders(here: Scene, number: int = 1, watch: Watch = nobody) -> Iterator[list[Loader]]:
    """As many processes as loaders: each has connections, and a name, of its own."""
    url = here.system.warehouse.url.render_as_string(hide_password=False)
    warehouses = [Warehouse(url) for _ in range(number)]
    vendor = discover()[here.account.vendor]
    made = [
        Loader(warehouse, vendor, f"run-{n}", clock=here.system.clock.now, watch=watch)
        for n, warehouse in enumerate(warehouses)
    ]
    try:
        yield made
    finally:
        for loader, warehouse in zip(made, warehouses, strict=True):
            loader.stop()
            loader.close()
            warehouse.close()


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[None]:
    """Does the work in another thread, which must have ended soon after the block."""
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join(30)
        assert not thread.is_alive()


def asked(here: Scene) -> int:
    return sum(request.tenant == here.tenant.name for request in here.system.standin.requests)


# One that hangs.


@pytest.mark.parametrize(("vendor", "fault"), HANGING, ids=lambda v: getattr(v, "name", v))
def test_an_account_that_hangs_fails_alone_by_its_name(
    scene: Open, vendor: str, fault: Fault
) -> None:
    hanging, other = limited(scene(vendor), timeout_s=0.5), scene(vendor)
    for here in (hanging, other):
        here.put(here.thing(1))
    hanging.tenant.arm(fault, 9)
    started = time.monotonic()
    bad, good = hanging.system.loaders[vendor].poll(
        [hanging.account, other.account], [other.stream]
    )
    assert time.monotonic() - started < 8
    assert (bad.state, good.state) == ("failed", "ok")
    assert str(bad.error).startswith(f"{hanging.account.name}: ")
    assert "within 0.6 s" in str(bad.error) or "longer than 0.6 s" in str(bad.error)
    assert other.day().facts == 1
    hanging.tenant.disarm()
    assert hanging.poll().error is None


def test_those_that_failed_come_last(scene: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that however many hang, the others are read before all threads wait for those."""
    monkeypatch.setattr(load, "THREADS", 1)
    first, second = limited(scene("clickfono"), timeout_s=0.2), scene("clickfono")
    first.tenant.arm(Fault.hang(), 9)
    accounts = [first.account, second.account]
    loader = first.system.loaders["clickfono"]
    assert [result.state for result in loader.poll(accounts, [first.stream])] == ["failed", "ok"]
    assert [result.account for result in loader.poll(accounts, [first.stream])] == [
        second.account.name,
        first.account.name,
    ]


# A run that is over.


@pytest.mark.parametrize(("vendor", "fault"), HANGING, ids=lambda v: getattr(v, "name", v))
def test_a_run_that_is_stopped_ends_at_once_and_writes_nothing(
    scene: Open, vendor: str, fault: Fault
) -> None:
    here = scene(vendor)
    here.put(here.thing(1))
    here.tenant.arm(fault, 9)
    with loaders(here) as (loader,):
        results: list[Result] = []
        with meanwhile(lambda: results.extend(loader.poll([here.account], [here.stream]))):
            wait_until(lambda: here.system.standin.meter.in_flight(here.tenant), 10)
            loader.stop()
            started = time.monotonic()
        assert time.monotonic() - started < 2
    (result,) = results
    assert (result.error, result.loaded.days) == (None, set())
    for table in ("ops.days", "ops.reads", "facts." + here.kind.table):
        assert here.query(f"SELECT 1 FROM {table} WHERE account = :account") == []
    noted = "SELECT scope, last_polled_at, last_error FROM ops.streams WHERE account = :account"
    assert here.query(noted) == [("{}", None, None)], "what it was about to ask for"
    told = "SELECT error FROM ops.requests WHERE account = :account"
    assert here.query(told) == [("the run ended before the answer came",)]
    wait_until(lambda: not here.system.standin.meter.in_flight(here.tenant), 2)


@pytest.mark.parametrize("vendor", EVERY)
def test_a_second_run_does_not_read_what_the_first_still_reads(
    scene: Open, vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poll, "POLL", replace(POLL, longest=timedelta(seconds=0.3)))
    monkeypatch.setattr(lease, "LOOK_EVERY_S", 0.1)
    here = scene(vendor)
    here.put(here.thing(1))
    here.tenant.arm(Fault.hang())
    with (
        loaders(here, 2) as (first, second),
        meanwhile(lambda: first.poll([here.account], [here.stream])),
    ):
        wait_until(lambda: here.system.standin.meter.in_flight(here.tenant), 10)
        (result,) = second.poll([here.account], [here.stream])
        assert result.state == "deferred"
        ((_, why),) = result.trouble.values()
        assert "run run-0 is still reading this" in why
        assert here.system.standin.meter.in_flight(here.tenant) == 1
        first.stop()
    assert here.poll().error is None
    assert here.day().facts == 1


def test_a_backfill_of_other_days_goes_on_beside_a_poll(scene: Open) -> None:
    here = scene("conpeek", DAY - timedelta(days=3))
    here.tenant.arm(Fault.hang())
    with (
        loaders(here, 2) as (first, second),
        meanwhile(lambda: first.poll([here.account], [here.stream])),
    ):
        wait_until(lambda: here.system.standin.meter.in_flight(here.tenant), 10)
        days = [DAY - timedelta(days=2)]
        (result,) = second.backfill([here.account], [here.stream], days)
        assert (result.state, result.read) == ("ok", set(days))
        first.stop()


def test_what_a_killed_reader_held_is_free_when_its_lease_is_over(scene: Open) -> None:
    here = scene("conpeek")
    here.put(here.thing(1))
    here.system.query(
        "INSERT INTO ops.reads (account, stream, days, live, holder, began_at, expires_at) "
        f"VALUES (:account, '{here.stream.name}', '{{}}', true, 'killed', ops.now(), "
        "ops.now() + interval '1.5 seconds') RETURNING id",
        here.account,
    )
    started = time.monotonic()
    assert here.poll().state == "ok"
    assert 1 < time.monotonic() - started < 10
    assert here.query("SELECT 1 FROM ops.reads WHERE account = :account") == []


def test_a_reader_whose_lease_was_lost_writes_nothing(
    scene: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paused, or cut off from the database: another may have begun."""
    monkeypatch.setattr(lease, "LEASE", timedelta(seconds=0.6))
    here = scene("conpeek")
    here.put(here.thing(1))
    here.tenant.arm(Fault.slow(1.5))
    results: list[Result] = []
    with loaders(here) as (loader,):
        with meanwhile(lambda: results.extend(loader.poll([here.account], [here.stream]))):
            wait_until(lambda: here.system.standin.meter.in_flight(here.tenant), 10)
            here.query("DELETE FROM ops.reads WHERE account = :account RETURNING id")
        assert "the lease of this window was lost" in str(results[0].error)
        assert here.facts("leg_id", "1") == []
        assert loader.poll([here.account], [here.stream])[0].error is None
    assert here.day().facts == 1


# Too much for one poll.


def watermark(here: Scene) -> datetime:
    ((mark,),) = here.query("SELECT watermark FROM ops.streams WHERE account = :account")
    assert isinstance(mark, datetime)
    return mark


@pytest.mark.parametrize("vendor", PAGED)
def test_a_long_catch_up_keeps_what_it_has_read(
    scene: Open, vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 14: two days behind, and each run is over before all of it could be read."""
    monkeypatch.setattr(plan, "LONGEST_PIECE", timedelta(hours=4))
    here = scene(vendor, DAY - timedelta(days=2))
    here.at(NOON - timedelta(days=2))
    here.poll()
    minutes = range(-46 * 60, 60, 30)
    here.put(*(here.thing(n, minutes=minute) for n, minute in enumerate(minutes)))
    here.at(NOON)
    marks = [watermark(here)]
    while marks[-1] < NOON - timedelta(minutes=5):
        reads: list[Result] = []
        running: list[Loader] = []

        def end_soon(result: Result, done: Any = reads, running: Any = running) -> None:
            done.append(result)
            if len(done) == 4:
                running[0].stop()

        with loaders(here, watch=end_soon) as (loader,):
            running.append(loader)
            loader.poll([here.account], [here.stream])
        marks.append(watermark(here))
        assert len(marks) < 10
    assert 3 <= len(marks) <= 6
    assert marks == sorted(set(marks)), "each run has read on"
    while here.poll().state != "ok":
        here.later(minutes=1)
    assert here.facts("count(*)", "1") == [(len(minutes), 1)]


def test_the_older_days_are_read_one_two_four(scene: Open) -> None:
    """In few requests where they are quick; what was read before a poll's end counts."""
    here = scene("conpeek", DAY - timedelta(days=40))
    here.poll()
    assert asked(here) == 4 + 6, "today in pieces; 1, 2, 4, 8 and 16 days; the rest"


def test_a_catch_up_that_a_poll_has_no_time_for_goes_on_at_the_next_tick(
    scene: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "LONGEST_PIECE", timedelta(hours=4))
    here = scene("evolux", DAY - timedelta(days=2))
    here.at(NOON - timedelta(days=2))
    here.poll()
    here.at(NOON)
    here.tenant.latency_s = 0.15
    monkeypatch.setattr(load, "POLL_BUDGET", timedelta(seconds=0.1))
    result = here.poll()
    assert result.state == "deferred"
    ((_, why),) = result.trouble.values()
    assert why.startswith("catching up: polls have read up to 2025-03-11 ")
    ((due,),) = here.query("SELECT next_due_at FROM ops.streams WHERE account = :account")
    assert due == NOON


@pytest.mark.parametrize("vendor", PAGED)
@pytest.mark.parametrize("days_ago", [0, 1], ids=["live", "a day gone by"])
def test_a_window_of_two_pages_is_read_whole_where_requests_must_be_far_apart(
    scene: Open, vendor: str, days_ago: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each poll would ask for the first page, and come no further."""
    for patience in ("POLL", "CATCH_UP"):
        shorter = replace(getattr(poll, patience), longest=timedelta(seconds=0.2))
        monkeypatch.setattr(poll, patience, shorter)
    here = limited(scene(vendor, DAY - timedelta(days=days_ago)), min_interval_s=0.5)
    here.tenant.behave(Quirk.page_cap(3))
    here.put(*(here.thing(n, minutes=n - days_ago * 24 * 60) for n in range(5)))
    for _ in range(2 + 3 * days_ago):
        time.sleep(0.5)
        here.poll()
        here.later(minutes=5)
    assert here.facts("count(*)", "1") == [(5, 1)]


def test_the_next_catch_up_begins_with_what_the_last_one_has_learned(
    scene: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And with less where a run ended in its piece."""
    here = scene("evolux", DAY - timedelta(days=2))
    here.at(NOON - timedelta(days=2))
    here.poll()
    piece = "SELECT piece_s / 3600 FROM ops.streams WHERE account = :account"
    assert here.query(piece) == [(48,)], "four quick ones"
    monkeypatch.setattr(load, "POLL_BUDGET", timedelta(0))
    here.at(NOON)
    before = asked(here)
    here.poll()
    assert (asked(here) - before, here.query(piece)) == (1, [(48,)]), "all in one piece"
    assert watermark(here) > NOON - timedelta(minutes=5)
    here.at(NOON + timedelta(days=2))
    here.tenant.arm(Fault.status(500), 99)
    here.poll()
    assert here.query(piece) == [(24,)]
    here.tenant.disarm()
    here.at(NOON + timedelta(days=2, hours=1))
    here.poll()
    yesterday = day_start(DAY + timedelta(days=1), here.account.timezone)
    assert watermark(here) == yesterday + here.stream.lookback + timedelta(hours=24)
