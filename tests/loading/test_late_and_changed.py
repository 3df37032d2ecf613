"""Late and changed: every version stays, the fact is the latest, open days are read again."""

from datetime import timedelta

from assets.loading.account_stream import AccountStream
from assets.loading.landing.land import Landing
from assets.loading.landing.observation import Observation
from tests.loading.conftest import DAY, NOON, Open

MIDNIGHT = NOON + timedelta(hours=12)


def test_every_version_stays_in_order_and_the_fact_is_the_latest(scene: Open) -> None:
    here = scene("clickfono")
    for value in (1, 2, 1):
        here.put(here.thing(1, value=value, end=None))
        here.poll()
        here.poll()
    key = f"{1:032x}"
    assert here.versions() == [(key, 1, "1"), (key, 2, "2"), (key, 3, "1")]
    assert here.facts("call_id", "duration_s") == [(key, 1)]


def test_an_answer_older_than_the_stored_one_changes_nothing(scene: Open) -> None:
    here = scene("conpeek")
    here.put(here.thing(1, value=2), here.thing(2, value=2), here.thing(3, value=2))
    here.backfill()
    warehouse = here.system.warehouse
    # In one batch, too, with newer ones: asked for long ago, by a worker that was slow.
    batch = [
        Observation(
            here.kind.show(here.thing(number, value=value), here.kind.zone),
            0,
            at,
            key=f"d-{number}",
        )
        for number, value, at in ((3, 2, warehouse.now()), (1, 1, NOON), (2, 3, warehouse.now()))
    ]
    landing = Landing(AccountStream(here.account, here.stream), [DAY], warehouse.require_days)
    warehouse.in_transaction(lambda connection: landing.land(connection, batch))
    assert sorted(here.facts("leg_id", "talk_s")) == [("d-1", 2), ("d-2", 3), ("d-3", 2)]
    assert len(here.versions()) == 4


def test_a_late_record_opens_a_complete_day_until_it_is_read_again(scene: Open) -> None:
    here = scene("conpeek")
    here.put(here.thing(1))
    here.at(MIDNIGHT)
    here.later(hours=1)
    here.poll()
    here.confirm()
    assert here.day().state == "complete"
    late = here.thing(2, minutes=400, end=here.system.clock.now() + timedelta(minutes=20))
    here.put(late)  # it began on that day, and ends now
    here.later(minutes=21)
    here.system.poll(here.account, here.stream)
    assert (here.day().state, here.day().facts) == ("settling", 2)
    read_at = here.day().read_at
    here.poll()
    assert here.day().read_at > read_at
    here.confirm()
    assert (here.day().state, here.day().facts) == ("complete", 2)


def test_a_stream_s_day_is_read_again_until_it_has_settled(scene: Open) -> None:
    here = scene("evolux")
    here.put(here.thing(1))
    here.at(NOON + timedelta(hours=12, minutes=10))  # Santiago: past midnight
    here.poll()
    assert here.day().state == "settling"
    here.put(here.thing(1, value=99))
    here.later(hours=2)
    here.poll()
    assert here.facts("call_id", "duration_s") == [("1", 11)], "not due yet: nothing was asked for"
    here.later(hours=1)
    here.poll()
    assert here.facts("call_id", "duration_s") == [("1", 99)]
    assert here.day().state == "settling", "no four hours since its end"
    here.later(hours=1)
    here.poll()
    assert here.day().state == "complete"


def test_a_callback_s_day_is_read_again_while_a_request_is_open_and_not_after(scene: Open) -> None:
    here = scene("clickfono")
    here.put(here.thing(1, end=None), here.thing(2))
    here.at(NOON + timedelta(hours=18))
    here.poll()
    assert (here.day().state, here.day().open_records) == ("settling", 1)
    here.put(here.thing(1))
    here.later(hours=3)
    here.poll()
    assert (here.day().state, here.day().open_records) == ("complete", 0)
    here.system.standin.requests.clear()
    here.later(hours=3)
    here.poll()
    asked = [request.path for request in here.system.standin.requests]
    assert not any(str(DAY) in path for path in asked)


def test_after_seven_days_a_callback_that_never_ended_is_taken_as_it_is(scene: Open) -> None:
    here = scene("clickfono")
    here.put(here.thing(1, end=None))
    here.at(NOON + timedelta(days=8))
    here.poll()
    assert (here.day().state, here.day().note) == ("complete", "1 record(s) never ended")
