"""A record whose start moves over midnight: one row, in its new day, and both days right."""

from datetime import date, timedelta
from typing import Any

import pytest

from assets.loading.landing.commit import Committer
from resources.standin import Quirk
from resources.vendor_api.vendor import DetailStream
from resources.vendors import discover
from tests.loading.conftest import DAY, NOON, Open

BEFORE = DAY - timedelta(days=1)
AFTER = DAY + timedelta(days=1)
NEXT_NOON = NOON + timedelta(days=1)


def test_a_moved_record_has_one_row_and_both_days_are_complete(scene: Open) -> None:
    here = scene("conpeek", BEFORE)
    thing = here.thing(1, minutes=-24 * 60)
    here.put(thing, here.thing(2))
    here.at(NEXT_NOON)
    here.backfill(BEFORE, DAY)
    assert here.facts("call_date", "leg_id") == [(BEFORE, "d-1"), (DAY, "d-2")]

    here.put(here.thing(1))
    here.backfill(DAY)
    assert here.facts("call_date", "leg_id") == [(DAY, "d-1"), (DAY, "d-2")]
    assert here.day(BEFORE).state == "settling", "the day that it left is read again"
    here.poll()
    for day, facts in ((BEFORE, 0), (DAY, 2)):
        here.confirm(day)
        assert (here.day(day).state, here.day(day).facts) == ("complete", facts)


@pytest.mark.parametrize(
    ("vendor", "field"),
    [
        ("conpeek", "dialog_uuid"),
        ("clickfono", "uuid"),
        ("evolux", "id"),
        ("vono", "record_id"),
    ],
)
def test_ids_that_start_again_every_day_take_no_other_days_records(
    scene: Open, vendor: str, field: str
) -> None:
    here = scene(vendor, BEFORE)
    for later, number in ((-1, 3), (0, 2), (1, 1)):
        for n in range(number):
            here.put(here.thing(10 * later + n + 20, minutes=24 * 60 * later + n))
    here.tenant.behave(Quirk.ids_by_day(field))
    here.at(NOON + timedelta(days=9))
    here.backfill(BEFORE, DAY, AFTER)
    for _ in range(4):  # whatever is read again, and in which order
        here.poll()
        here.later(hours=7)
        results = [here.backfill(day) for day in (AFTER, DAY, BEFORE)]
        assert any("ids repeat from day to day" in (result.error or "") for result in results)
    kept = dict(here.query(f"SELECT call_date, count(*) FROM facts.{here.kind.table} "
                           "WHERE account = :account GROUP BY 1"))  # fmt: skip
    days = {day: here.day(day) for day in (BEFORE, DAY, AFTER)}
    whole = {BEFORE: 3, DAY: 2, AFTER: 1}
    complete = {day for day in whole if days[day].state == "complete"}
    assert complete
    assert {day: kept[day] for day in complete} == {day: whole[day] for day in complete}
    for day in whole.keys() - complete:
        assert days[day].state == "failed"
        assert "unique over all days" in days[day].note


def test_the_first_call_of_a_day_takes_nothing_of_yesterday(scene: Open) -> None:
    """A live poll sees ids that have started again one by one."""
    here = scene("evolux")
    here.put(*(here.thing(number, minutes=number) for number in range(1, 4)))
    here.tenant.behave(Quirk.ids_by_day("id"))
    here.later(hours=11)
    assert here.poll().error is None
    here.put(here.thing(9, minutes=24 * 60))
    here.at(NEXT_NOON)
    assert "ids repeat from day to day" in (here.poll().error or "")
    assert here.facts("call_date", "call_id") == [(DAY, "1"), (DAY, "2"), (DAY, "3")]


def test_a_move_costs_a_look_at_the_day_that_was_left(scene: Open) -> None:
    here = scene("clickfono", BEFORE)
    here.put(here.thing(1, minutes=-24 * 60))
    here.at(NEXT_NOON)
    here.backfill(BEFORE)
    here.put(here.thing(1))
    here.requests()
    here.backfill(DAY)
    assert here.requests() == 2
    here.backfill(DAY)
    assert here.requests() == 1


def test_what_is_missing_in_its_day_is_looked_for_in_days_that_count_as_complete(
    scene: Open,
) -> None:
    here = scene("clickfono", BEFORE)
    waiting = here.thing(1, minutes=-24 * 60, end=None)
    here.put(waiting, here.thing(2))
    here.at(NEXT_NOON)
    here.poll()
    here.confirm(DAY)
    assert (here.day(BEFORE).state, here.day(DAY).state) == ("settling", "complete")

    here.put(here.thing(1))  # called again, on a day that is done
    here.later(hours=3)
    for _ in range(3):  # it is missed in one day, found in the other, and both are right
        here.poll()
    key = f"{1:032x}"
    assert here.facts("call_date", "call_id", "missing_since")[0] == (DAY, key, None)
    for day in (BEFORE, DAY):
        here.confirm(day)
    assert [here.day(day).state for day in (BEFORE, DAY)] == ["complete", "complete"]
    assert [here.day(day).facts for day in (BEFORE, DAY)] == [0, 2]


def test_a_record_that_is_missed_in_one_day_while_it_comes_in_another(
    scene: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backfill reads several days at once: what came is written after it was missed."""
    here = scene("conpeek", BEFORE)
    here.put(here.thing(1, minutes=-24 * 60))
    here.at(NEXT_NOON)
    here.backfill(BEFORE)
    here.put(here.thing(1))
    commit = Committer.commit
    missed: list[Any] = []

    def late(self: Committer, batch: Any, finish: Any = None) -> Any:
        if batch and not missed:
            missed.append(here.backfill(BEFORE))
        return commit(self, batch, finish)

    monkeypatch.setattr(Committer, "commit", late)
    here.backfill(DAY)
    assert len(missed) == 1
    assert here.facts("call_date", "leg_id", "missing_since") == [(DAY, "d-1", None)]
    assert [here.day(day).facts for day in (BEFORE, DAY)] == [0, 1]


def test_what_a_later_read_missed_is_not_brought_back_by_an_older_answer(
    scene: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = scene("conpeek")
    here.put(here.thing(1), here.thing(2))
    here.at(NEXT_NOON)
    here.backfill(DAY)
    commit = Committer.commit
    gone = [here.thing(1)]

    def late(self: Committer, batch: Any, finish: Any = None) -> Any:
        if gone:
            here.remove(gone.pop())
            here.backfill(DAY)
        return commit(self, batch, finish)

    monkeypatch.setattr(Committer, "commit", late)
    here.backfill(DAY)
    assert here.facts("leg_id", "missing_since IS NOT NULL") == [("d-1", True), ("d-2", False)]


def test_first_seen_stays_when_a_record_moves(scene: Open) -> None:
    here = scene("conpeek", BEFORE)
    here.put(here.thing(1, minutes=-24 * 60))
    here.at(NEXT_NOON)
    here.backfill(BEFORE, DAY)
    first = here.facts("leg_id", "first_seen_at")
    here.put(here.thing(1))
    here.backfill(BEFORE, DAY)
    assert here.facts("leg_id", "first_seen_at") == first


def test_the_steps_of_a_call_follow_it(scene: Open) -> None:
    here = scene("evolux", BEFORE, streams=("calls", "call_details"))
    details = discover()["evolux"].stream("call_details")
    assert isinstance(details, DetailStream)
    here.put(here.thing(1, minutes=-24 * 60))
    task = {"task_id": "1", "task_name": "Menu", "start_time_epoch": 1741700000}
    here.tenant.put_detail(1, {"executed_tasks": [task]})
    here.at(NEXT_NOON)
    here.backfill(BEFORE)
    loader = here.system.loaders["evolux"]
    loader.backfill([here.account], [details], [BEFORE, DAY])
    events = "SELECT call_date, task_name FROM facts.call_events WHERE account = :account"
    assert here.query(events) == [(BEFORE, "Menu")]

    here.put(here.thing(1))
    here.backfill(BEFORE, DAY)
    assert here.query(events) == [(DAY, "Menu")]
    raw = "SELECT call_date FROM raw.records WHERE account = :account AND stream = 'call_details'"
    assert here.query(raw) == [(DAY,)]
    loader.backfill([here.account], [details], [BEFORE, DAY])
    states = "SELECT call_date, state FROM ops.days WHERE account = :account AND stream = "
    found: dict[date, str] = dict(here.query(f"{states} 'call_details'"))
    assert found == {BEFORE: "complete", DAY: "complete"}
    asked = [r for r in here.system.standin.requests if r.tenant == here.tenant.name]
    assert len([r for r in asked if r.report == "studio_calls_cdr"]) == 1, "it isn't fetched twice"


def test_a_recording_keeps_its_audio(scene: Open) -> None:
    here = scene("vono", BEFORE, streams=("recordings", "recording_audio"))
    audio = discover()["vono"].stream("recording_audio")
    here.put(here.thing(1, minutes=-24 * 60))
    here.tenant.put_audio(1, b"ID3" + b"\x00" * (274_288 - 3))
    here.at(NEXT_NOON)
    here.backfill(BEFORE)
    loader = here.system.loaders["vono"]
    result = loader.backfill([here.account], [audio], [BEFORE])[0]
    assert result.error is None
    before = here.facts("recording_id", "audio_sha256")
    assert before[0][1] is not None

    here.put(here.thing(1))
    here.backfill(BEFORE, DAY)
    assert here.facts("recording_id", "audio_sha256") == before
    assert here.facts("call_date", "recording_id") == [(DAY, "3/1")]


def test_a_corrected_time_zone_moves_what_is_stored_of_a_record_too(scene: Open) -> None:
    from zoneinfo import ZoneInfo

    here = scene("conpeek", BEFORE)
    here.put(here.thing(1, minutes=9 * 60))  # 23:00 in UTC
    here.at(NEXT_NOON)
    here.backfill(BEFORE, DAY, DAY + timedelta(days=1))
    assert here.facts("call_date", "leg_id") == [(DAY + timedelta(days=1), "d-1")]

    here.account = here.account.model_copy(update={"timezone": ZoneInfo("UTC")})
    here.rebuild(BEFORE, DAY, DAY + timedelta(days=1))
    assert here.facts("call_date", "leg_id") == [(DAY, "d-1")]
    assert here.query("SELECT call_date FROM raw.records WHERE account = :account") == [(DAY,)]
