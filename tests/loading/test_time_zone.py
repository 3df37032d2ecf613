"""An account's time zone is corrected: what was loaded by other clocks isn't taken for right."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from assets.maintenance.expiry import drop_raw
from assets.refresh import refresh_marts
from tests.loading.conftest import DAY, Open, Scene
from tests.model.system import System

BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
TOKYO, BOGOTA = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/Bogota")
TOLD = "loaded as a day of {}, and the account is in Asia/Tokyo now"


@pytest.fixture(scope="module")
def system(own_system: System) -> System:
    """Raw is one for the whole warehouse."""
    return own_system


def correct(here: Scene) -> str:
    """The name of the zone that was wrong."""
    was = here.account.timezone.key
    here.account = here.account.model_copy(update={"timezone": TOKYO})
    return was


def settle(here: Scene, *days: Any) -> None:
    for _ in range(3):
        for day in days:
            here.backfill(day)
        here.later(hours=9)


def trust(here: Scene, day: Any = DAY) -> Any:
    refresh_marts(here.system.warehouse)
    mine = f"WHERE account = :account AND call_date = '{day}'"
    return here.query(f"SELECT trust, why FROM marts.trust_by_day {mine}")[0]


@pytest.mark.parametrize("vendor", ["conpeek", "evolux", "vono", "wolkvox.calls"])
def test_a_day_is_of_the_new_time_zone_when_all_its_facts_are(scene: Open, vendor: str) -> None:
    """Records that are as they were aren't mapped again, however often they are read."""
    here = scene(vendor, BEFORE)
    here.put(here.thing(1), here.thing(2, minutes=30))
    here.later(days=9)
    settle(here, BEFORE, DAY, AFTER)
    assert trust(here) == ("trusted", None)

    was = correct(here)
    settle(here, BEFORE, DAY, AFTER)
    (told, why) = trust(here)
    assert told in {"provisional", "wrong"}
    assert TOLD.format(was) in why
    here.rebuild(BEFORE, DAY, AFTER)
    assert trust(here)[0] == "provisional", "what was read was another span of time"
    settle(here, BEFORE, DAY, AFTER)
    assert trust(here) == ("trusted", None)
    assert here.query(
        "SELECT count(*) FROM facts.calls WHERE account = :account AND missing_since IS NULL"
        " AND started_local = started_at AT TIME ZONE 'Asia/Tokyo'"
        " AND call_date = started_local::date"
    ) == [(2,)]


def test_a_day_waits_for_what_may_be_on_the_day_beside_it(scene: Open) -> None:
    here = scene("evolux", BEFORE)
    here.put(here.thing(1, minutes=-480), here.thing(2, minutes=-900))
    here.later(days=9)
    settle(here, BEFORE, DAY, AFTER)
    was = correct(here)
    here.rebuild(DAY)
    settle(here, DAY)
    (told, why) = trust(here)
    assert told in {"provisional", "wrong"}
    assert f"{BEFORE} was loaded as a day of {was}: calls of this one may be there" in why
    here.rebuild(BEFORE)
    settle(here, BEFORE, DAY)
    assert trust(here) == ("trusted", None)
    assert len(here.facts("call_id", "call_date")) == 2


def test_a_day_stays_of_the_old_time_zone_where_some_of_its_raw_has_gone(scene: Open) -> None:
    here = scene("conpeek", BEFORE)
    here.put(here.thing(1), here.thing(2))
    here.later(days=9)
    settle(here, DAY)
    drop_raw(here.system.warehouse, AFTER)
    here.put(replace(here.thing(1), value=77))
    settle(here, DAY)
    was = correct(here)
    here.rebuild(DAY)
    settle(here, DAY)
    assert trust(here) == ("provisional", f"dialogs: {TOLD.format(was)}")


def test_a_day_without_records_is_of_the_time_zone_in_which_it_is_read(scene: Open) -> None:
    here = scene("conpeek", BEFORE)
    here.later(days=9)
    settle(here, BEFORE, DAY)
    correct(here)
    settle(here, DAY)
    assert trust(here) == ("trusted", None)
    here.rebuild(BEFORE)
    assert here.day(BEFORE).state == "settling"


def test_one_hour_by_the_clocks_of_two_zones_is_one_hour(scene: Open) -> None:
    """Else the mart's key would refuse it, and the day of every other account with it."""
    here = scene("conpeek")
    here.put(here.thing(1))
    here.poll()
    correct(here)
    here.put(here.thing(2, minutes=2))
    here.later(hours=1)
    here.poll()
    refresh_marts(here.system.warehouse)
    for mart in ("calls_by_hour", "calls_by_quarter_hour", "calls_by_15_minutes"):
        asked = f"SELECT sum(calls) FROM marts.{mart} WHERE account = :account"
        assert here.query(asked) == [(2,)]


@pytest.mark.parametrize(
    ("vendor", "wrong"),
    [
        ("conpeek", "America/Bogota"),
        ("evolux", "Asia/Tokyo"),
        ("wolkvox.calls", "Asia/Tokyo"),
        ("vono", "Asia/Tokyo"),
    ],
)
def test_what_landed_by_a_zone_that_was_a_mistake_is_not_taken_for_right(
    scene: Open, vendor: str, wrong: str
) -> None:
    here = scene(vendor, BEFORE)
    here.put(here.thing(1))
    here.poll()
    right = here.account
    here.later(hours=1)
    here.account = right.model_copy(update={"timezone": ZoneInfo(wrong)})
    here.put(here.thing(2, minutes=90))
    here.poll()
    here.later(hours=1)
    here.account = right
    here.later(days=3)
    settle(here, BEFORE, DAY)
    (told, why) = trust(here)
    assert told in {"provisional", "wrong"}
    assert f"made for {right.timezone}" in why
    here.rebuild(BEFORE, DAY, AFTER)
    assert here.day().state != "complete", (
        "calls of it may be missing that are of another day there"
    )
    settle(here, BEFORE, DAY)
    assert trust(here) == ("trusted", None)
    clock = f"started_local = started_at AT TIME ZONE '{right.timezone}'"
    asked = f"SELECT count(*) FROM facts.calls WHERE account = :account AND {clock}"
    assert here.query(asked) == [(2,)]


def test_a_day_read_whole_by_a_zone_that_was_a_mistake_gets_its_calls_back(scene: Open) -> None:
    here = scene("conpeek", BEFORE)
    here.put(here.thing(1, minutes=-500), here.thing(2), here.thing(3, minutes=400))
    here.later(days=9)
    settle(here, BEFORE, DAY, AFTER)
    right = here.account
    here.account = right.model_copy(update={"timezone": BOGOTA})
    settle(here, DAY)
    here.account = right
    settle(here, AFTER)
    assert trust(here)[0] == "provisional"
    here.rebuild(BEFORE, DAY, AFTER)
    settle(here, BEFORE, DAY, AFTER)
    assert trust(here) == ("trusted", None)
    assert here.query(
        "SELECT calls, missing_calls FROM marts.calls_by_day WHERE account = :account"
        f" AND call_date = '{DAY}'"
    ) == [(3, 0)]


def test_a_call_stays_away_from_its_day_by_a_zone_that_was_a_mistake(scene: Open) -> None:
    """Its day has no record left, and nothing that was made by the wrong zone."""
    here = scene("conpeek", BEFORE)
    here.put(here.thing(1, minutes=-870), here.thing(2, minutes=-1200))
    here.later(days=9)
    settle(here, BEFORE, DAY, AFTER)
    right = here.account
    here.account = right.model_copy(update={"timezone": BOGOTA})
    here.rebuild(DAY)
    here.account = right
    settle(here, DAY)
    (told, why) = trust(here)
    assert told == "provisional"
    assert f"{BEFORE} was loaded as a day of America/Bogota: calls of this one may be there" in why
    here.rebuild(BEFORE, DAY)
    settle(here, BEFORE, DAY)
    assert trust(here) == ("trusted", None)
    assert [day for day, _ in here.facts("call_date", "call_id")] == [BEFORE, DAY]


def test_a_day_that_has_not_begun_by_the_right_clocks_is_made_again_with_the_present_one(
    scene: Open,
) -> None:
    here = scene("conpeek", BEFORE)
    here.put(here.thing(1), here.thing(2, minutes=560))
    here.later(hours=9)
    here.poll()
    assert {day for day, _ in here.facts("call_date", "call_id")} == {DAY, AFTER}
    here.account = here.account.model_copy(update={"timezone": BOGOTA})
    here.rebuild(BEFORE)
    assert here.day(AFTER).made_for
    here.rebuild(DAY)
    assert {day for day, _ in here.facts("call_date", "call_id")} == {DAY}
    here.later(days=3)
    settle(here, BEFORE, DAY, AFTER)
    assert trust(here) == ("trusted", None)
    assert here.day(AFTER).made_for is None


def test_a_day_before_the_accounts_first_is_made_again_with_that(scene: Open) -> None:
    """A zone that was a mistake had taken calls there."""
    here = scene("conpeek")
    here.put(here.thing(1), here.thing(2, minutes=-800))
    here.later(days=9)
    settle(here, DAY)
    right = here.account
    here.account = right.model_copy(update={"timezone": BOGOTA})
    here.rebuild(DAY)
    assert {day for day, _ in here.facts("call_date", "call_id")} == {BEFORE, DAY}
    here.account = right
    here.rebuild(DAY)
    settle(here, DAY)
    assert {day for day, _ in here.facts("call_date", "call_id")} == {DAY}
    assert trust(here) == ("trusted", None)


@pytest.mark.parametrize("was_whole", [True, False])
def test_what_was_read_whole_stays_so_where_the_vendor_has_it_no_longer(
    scene: Open, was_whole: bool
) -> None:
    """Also a day that gets calls of the day beside it, if that was read whole, too."""
    here = scene("evolux", BEFORE)
    things = [here.thing(1, minutes=-1200), here.thing(2, minutes=-630)]
    here.put(*things)
    here.later(days=9)
    settle(here, BEFORE, DAY, AFTER)
    if not was_whole:
        unread = "UPDATE ops.days SET completed_at = NULL, state = 'open'"
        here.query(f"{unread} WHERE account = :account AND call_date = '{DAY}' RETURNING 1")
    for thing in things:
        here.remove(thing)
    here.later(days=100)
    here.account = here.account.model_copy(update={"timezone": BOGOTA})
    here.rebuild(BEFORE, DAY, AFTER)
    for _ in range(7):
        here.backfill(BEFORE)
        here.later(hours=9)
    assert here.facts("call_date", "missing_since") == [(BEFORE, None)] * 2
    assert (here.day(BEFORE).state == "complete") == was_whole
    assert (trust(here, BEFORE)[0] == "trusted") == was_whole


@pytest.mark.parametrize(
    ("zone", "trusted"),
    [("Asia/Nicosia", False), ("Europe/Athens", False), ("Asia/Famagusta", True)],
)
def test_zones_of_the_same_midnights_may_change_their_clocks_at_other_hours(
    scene: Open, zone: str, trusted: bool
) -> None:
    """On 30 March 2025 Beirut's went forward at midnight, Nicosia's at three."""
    day = date(2025, 3, 30)
    here = scene("conpeek", day, timezone=ZoneInfo("Asia/Nicosia" if trusted else "Asia/Beirut"))
    here.at(datetime(2025, 4, 9, tzinfo=UTC))
    here.put(replace(here.thing(1), start=datetime(2025, 3, 29, 23, 30, tzinfo=UTC)))
    settle(here, day)
    assert trust(here, day) == ("trusted", None)
    here.account = here.account.model_copy(update={"timezone": ZoneInfo(zone)})
    settle(here, day)
    assert (trust(here, day)[0] == "trusted") == trusted
