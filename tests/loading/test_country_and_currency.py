"""An account's country or currency is corrected: what was read by others isn't taken for right."""

import time
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from assets.loading.load import MOST_AT_ONCE
from assets.loading.result import Result
from assets.maintenance.expiry import drop_audio, drop_facts, drop_raw
from assets.refresh import refresh_marts
from resources.account import Account
from resources.standin.faults import Fault
from tests.loading.conftest import DAY, Open, Scene
from tests.loading.stream_scene import AUDIO, StreamScene
from tests.loading.test_endings import loaders, meanwhile
from tests.loading.test_time_zone import trust
from tests.model.system import System
from tests.model.vendors import UNCONNECTED

AFTER = DAY + timedelta(days=1)
TOLD = "made for {}, and the account is of {} now"
REMEDY = ": callhouse rebuild makes it again, unless its raw has gone for its age"


@pytest.fixture(scope="module")
def system(own_system: System) -> System:
    """Raw is one for the whole warehouse."""
    return own_system


def correct(here: Scene, **changes: Any) -> tuple[str, str]:
    """What its facts were made for, and what they are to be made for."""
    was = here.account
    here.account = was.model_copy(update=changes)
    return made_for(was), made_for(here.account)


def made_for(account: Account) -> str:
    return ", ".join(filter(None, (account.timezone.key, account.country, account.currency)))


def streams_of(here: Scene) -> list[Any]:
    vendor = here.system.vendors[here.account.vendor]
    return [vendor.stream(name) for name in here.account.streams]


def settle(here: Scene, day: Any = DAY) -> None:
    for _ in range(3):
        here.backfill(day)
        here.later(hours=9)


@pytest.mark.parametrize("changes", [{"country": "DE"}, {"currency": "EUR"}])
def test_a_day_waits_for_its_facts_to_be_made_again(scene: Open, changes: Any) -> None:
    """Records that are as they were aren't mapped again, however often they are read."""
    here = scene("wolkvox.calls")
    here.put(here.thing(1))
    here.later(days=9)
    settle(here)
    assert trust(here) == ("trusted", None)

    was, now = correct(here, **changes)
    settle(here)
    assert trust(here) == ("provisional", f"calls: {TOLD.format(was, now)}{REMEDY}")
    here.rebuild()
    assert trust(here) == ("trusted", None)
    settle(here)
    assert trust(here) == ("trusted", None)


def test_a_day_that_is_made_again_before_anything_is_loaded_waits_for_nothing(scene: Open) -> None:
    here = scene("conpeek")
    here.put(here.thing(1))
    here.later(days=9)
    settle(here)
    correct(here, country="DE")
    here.rebuild()
    here.backfill(AFTER)
    assert trust(here) == ("trusted", None)


def test_what_was_a_mistake_for_a_while_leaves_nothing_behind(scene: Open) -> None:
    here = scene("conpeek")
    here.put(here.thing(1))
    here.later(days=9)
    settle(here)
    country = here.account.country
    correct(here, country="DE")
    here.put(here.thing(2, minutes=24 * 60))
    settle(here, AFTER)
    assert trust(here, AFTER) == ("trusted", None)
    wrong, right = correct(here, country=country)
    here.backfill(AFTER)
    assert trust(here) == ("trusted", None), "it was never made for another"
    assert trust(here, AFTER) == ("provisional", f"dialogs: {TOLD.format(wrong, right)}{REMEDY}")


def test_a_day_that_got_records_by_a_mistake_waits_for_its_facts_to_be_made_again(
    scene: Open,
) -> None:
    here = scene("conpeek")
    here.put(here.thing(1))
    here.poll()
    right = here.account
    here.later(hours=1)
    mistake, _ = reversed(correct(here, country="DE"))
    here.put(here.thing(2, minutes=90))
    here.poll()
    here.later(hours=1)
    correct(here, country=right.country)
    here.later(days=3)
    settle(here)
    made = f"{made_for(right)} and {mistake}"
    told = TOLD.format(made, made_for(right))
    assert trust(here) == ("provisional", f"dialogs: {told}{REMEDY}")
    here.rebuild()
    assert trust(here) == ("trusted", None)


def test_a_day_without_all_of_its_raw_stays_as_it_was_made(scene: Open) -> None:
    here = scene("conpeek")
    here.put(here.thing(1))
    here.later(days=9)
    settle(here)
    drop_raw(here.system.warehouse, AFTER)
    was, now = correct(here, country="DE")
    here.rebuild()
    assert trust(here) == ("provisional", f"dialogs: {TOLD.format(was, now)}{REMEDY}")
    drop_facts(here.system.warehouse, AFTER)
    assert trust(here) == ("trusted", f"dialogs: {TOLD.format(was, now)}")


def test_a_stream_that_is_not_loaded_any_more_is_made_again_too(scene: Open) -> None:
    here = scene("wolkvox.calls", streams=("calls", "unconnected_calls"))
    streams = streams_of(here)
    here.put(here.thing(1))
    UNCONNECTED.put(here.tenant, here.thing(2))
    here.later(days=9)
    for here.stream in streams:
        settle(here)
    correct(here, country="DE", streams=("calls",))
    for here.stream in streams:
        here.rebuild()
    assert trust(here) == ("trusted", None)


def test_audio_that_has_gone_for_its_age_leaves_nothing_to_make_again(scene: Open) -> None:
    here = scene("vono", streams=("recordings", "recording_audio"))
    streams = streams_of(here)
    here.put(here.thing(1))
    here.tenant.put_audio(1, AUDIO)
    here.later(days=9)
    for here.stream in streams:
        settle(here)
    assert drop_audio(here.system.warehouse, AFTER) == 1
    correct(here, country="DE")
    for here.stream in streams:
        assert here.rebuild().trouble == {}
    assert trust(here) == ("trusted", None)


@pytest.mark.parametrize("vendor", ["evolux", "wolkvox.calls"])
def test_who_called_before_by_another_country_is_not_known(scene: Open, vendor: str) -> None:
    here = scene(vendor, DAY)
    right = here.account.country
    correct(here, country="AR")
    here.put(here.thing(1))
    here.poll()
    correct(here, country=right)
    here.put(here.thing(2, minutes=24 * 60))
    here.later(days=9)
    settle(here, AFTER)
    asked = "SELECT called_within_7_days FROM marts.repeat_callers_by_day WHERE account = :account"
    assert trust(here, AFTER) == ("trusted", None)
    assert here.query(f"{asked} AND call_date = '{AFTER}'") == [(None,)]
    here.rebuild()
    refresh_marts(here.system.warehouse)
    assert here.query(f"{asked} AND call_date = '{AFTER}'") == [(1,)]


@pytest.mark.parametrize(
    "changes", [{"country": "DE"}, {"currency": "EUR"}, {"timezone": ZoneInfo("Asia/Tokyo")}]
)
def test_a_load_that_began_before_writes_nothing_after(scene: Open, changes: Any) -> None:
    """As a long backfill does, whose process has the accounts.toml of before."""
    here = scene("conpeek")
    here.put(here.thing(1))
    here.later(days=9)
    here.tenant.arm(Fault.slow(2), 1)
    before, results = here.account, list[Result]()

    def load() -> None:
        results.extend(old.backfill([before], [here.stream], [DAY]))

    with loaders(here, 2) as (old, new), meanwhile(load):
        while not here.query("SELECT id FROM ops.permits WHERE account = :account"):
            time.sleep(0.01)
        correct(here, **changes)
        new.rebuild([here.account], [here.stream], [AFTER])
    (result,) = results
    told = f"it was being loaded for {made_for(before)}, and is for {made_for(here.account)} since"
    assert told in str(result.error)
    assert here.query("SELECT count(*) FROM raw.heads WHERE account = :account") == [(0,)]
    settle(here)
    assert trust(here) == ("trusted", None)


@pytest.mark.parametrize("name", ["evolux", "evolux.call_details"])
def test_a_load_that_began_before_asks_for_nothing_more(scene: Open, name: str) -> None:
    it = StreamScene(scene, name)
    here, days = it.here, [DAY - timedelta(days=number) for number in range(20)]
    here.account = here.account.model_copy(update={"start_date": days[-1]})
    moments = enumerate((24 * 60 * -number for number in range(20)), 1)
    here.put(*(here.thing(number, minutes=minutes) for number, minutes in moments))
    here.later(days=9)
    if it.report:
        for number in range(1, 21):
            it.put_detail(number)
        here.backfill(*days)
    it.arm(Fault.slow(0.2))
    before, results = here.account, list[Result]()

    def load() -> None:
        results.extend(old.backfill([before], [it.stream], days))

    landed = "SELECT FROM raw.heads WHERE account = :account AND stream = '{}'"
    with loaders(here, 2) as (old, new), meanwhile(load):
        while not here.query(landed.format(it.stream.name)):
            time.sleep(0.01)
        correct(here, country="DE")
        new.rebuild([here.account], [it.stream], [AFTER])
        here.requests()
    assert "it was being loaded for" in str(results[0].error)
    assert results[0].state == "failed", "its credential isn't refused"
    assert here.requests() <= MOST_AT_ONCE
