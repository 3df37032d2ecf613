"""Vanished: marked when a full, complete read no longer returns it; unmarked when it is back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from assets.loading import load
from resources.standin import Fault
from resources.vendor_api.client import Client
from resources.vendor_api.vendor import Page
from resources.vendors.conpeek import ConpeekOptions
from resources.windows import Window
from tests.loading.conftest import DAY, NOON, Open, Scene
from tests.loading.lists import RECORDS_AND_PRACTICE

EVENING = NOON + timedelta(hours=14)
"""The day is over, in every zone."""
SHORT = [Fault.short(), Fault.html(), Fault.half_body(), Fault.array_record()]


def missing(here: Scene) -> dict[str, bool]:
    keys = {"call_legs": "leg_id", "calls": "call_id", "recordings": "recording_id"}
    rows = here.facts(keys[here.kind.table], "missing_since IS NOT NULL")
    return dict(rows)


@pytest.mark.parametrize("vendor", RECORDS_AND_PRACTICE)
def test_what_a_full_read_no_longer_returns_is_marked_until_it_is_back(
    scene: Open, vendor: str
) -> None:
    here = scene(vendor)
    one, two = here.thing(1), here.thing(2)
    here.put(one, two)
    here.at(EVENING)
    here.backfill()
    here.remove(two)
    result = here.backfill()
    assert missing(here) == {here.kind.key(one): False, here.kind.key(two): True}
    assert result.loaded.total.missing == 1
    assert (here.day().raw_records, here.day().missing) == (2, 1)

    here.put(two)
    here.backfill()
    assert missing(here) == {here.kind.key(one): False, here.kind.key(two): False}
    assert len(here.versions()) == 2, "it is what it was"


@pytest.mark.parametrize("vendor", RECORDS_AND_PRACTICE)
@pytest.mark.parametrize("fault", SHORT, ids=lambda fault: fault.name)
def test_a_short_or_failed_answer_marks_nothing(scene: Open, vendor: str, fault: Fault) -> None:
    here = scene(vendor)
    here.put(here.thing(1), here.thing(2))
    here.at(EVENING)
    here.backfill()
    here.tenant.arm(fault)
    here.backfill()
    assert set(missing(here).values()) == {False}


def test_an_aggregate_s_set_is_replaced(scene: Open) -> None:
    here = scene("wolkvox")
    here.put(here.thing(1), here.thing(2))
    here.poll()
    here.remove(here.thing(2))
    here.put(here.thing(3))
    here.poll()
    assert here.facts("agent_name", "calls") == [("Agent 1", 11), ("Agent 3", 13)]
    assert (here.day().raw_records, here.day().facts, here.day().vendor_total) == (2, 2, 2)

    here.remove(here.thing(3))
    here.poll()
    assert here.facts("agent_name", "calls") == [("Agent 1", 11)], "a smaller set is one, too"


def test_what_a_narrowed_account_does_not_ask_for_is_not_missing(scene: Open) -> None:
    here = scene("conpeek")
    here.put(here.thing(1, value=1), here.thing(2, value=100), here.thing(3, value=101))
    here.at(EVENING)
    here.backfill()
    here.confirm()

    here.account = here.account.model_copy(
        update={"options": ConpeekOptions(min_talking_time_s=50)}
    )
    here.backfill()
    assert not any(missing(here).values())
    assert here.day().note is None, "one of three is no longer asked for, so all came"

    here.remove(here.thing(2))
    here.backfill()
    told = "what it asks for can be missed"
    assert missing(here) == {"d-1": False, "d-2": True, "d-3": False}, told


def test_so_it_is_on_an_account_s_first_day(scene: Open) -> None:
    here = scene("conpeek")
    here.put(here.thing(1, value=1), here.thing(2, value=100))
    here.poll()
    here.account = here.account.model_copy(
        update={"options": ConpeekOptions(min_talking_time_s=50)}
    )
    here.poll()
    for hours in (14, 30):
        here.at(NOON + timedelta(hours=hours))
        here.backfill()
    assert missing(here) == {"d-1": False, "d-2": False}


def test_complete_days_are_read_again_when_an_account_asks_for_more(scene: Open) -> None:
    here = scene("conpeek")
    wide = here.account
    narrow = ConpeekOptions(min_talking_time_s=50)
    here.account = wide.model_copy(update={"options": narrow})
    here.put(here.thing(1, value=1), here.thing(2, value=100))
    here.later(days=6)
    here.backfill()
    here.confirm()
    for _ in range(3):
        here.poll()
        here.later(hours=1)
    assert (here.day().state, here.day().raw_records) == ("complete", 1)
    here.account = wide
    here.poll()
    assert here.day().state == "settling", "though this poll reads no whole day"
    here.poll_until(lambda: here.day().state == "complete")
    assert here.day().raw_records == 2
    assert not any(missing(here).values())


@pytest.mark.parametrize("backfills", [False, True])
def test_what_the_database_says_while_other_options_are_noted_is_this_account_s_alone(
    scene: Open, monkeypatch: pytest.MonkeyPatch, backfills: bool
) -> None:
    here = scene("conpeek")
    here.put(here.thing(1))
    here.at(EVENING)
    here.backfill()

    def fail(*_: object) -> None:
        raise sa.exc.OperationalError("SELECT", {}, Exception("canceling statement"))

    here.account = here.account.model_copy(
        update={"options": ConpeekOptions(min_talking_time_s=50)}
    )
    monkeypatch.setattr(load, "note_scope", fail)
    result = here.backfill() if backfills else here.poll()
    assert result.state == "failed"
    assert missing(here) == {"d-1": False}


def test_an_option_that_is_new_and_narrows_nothing_is_no_other_scope(scene: Open) -> None:
    here = scene("conpeek")
    here.put(here.thing(1))
    here.later(days=6)
    here.backfill()
    here.confirm()

    class MoreOptions(ConpeekOptions):
        shifts: tuple[int, ...] = ()

    here.account = here.account.model_copy(update={"options": MoreOptions()})
    here.poll()
    assert here.day().state == "complete"


def test_an_answer_can_not_judge_what_came_later_than_it_was_asked_for(scene: Open) -> None:
    """A slow backfill and a quick poll: the record that only the poll saw stays."""
    here = scene("conpeek")
    here.put(here.thing(1))
    here.at(EVENING)
    quick = here.stream

    def slowly(client: Client, window: Window) -> Iterator[Page]:
        pages = list(quick.read(client, window))
        here.put(here.thing(2))
        here.system.backfill(here.account, quick, [DAY])
        here.remove(here.thing(2))
        yield from pages

    here.system.backfill(here.account, replace(quick, read=slowly), [DAY])
    assert missing(here) == {"d-1": False, "d-2": False}
    here.backfill()
    assert missing(here) == {"d-1": False, "d-2": True}, "the next read can tell"


def test_of_a_day_that_goes_on_nothing_is_missing_by_a_clock_that_is_slow(scene: Open) -> None:
    here = scene("conpeek")
    here.put(here.thing(1, minutes=59))
    here.at(NOON + timedelta(minutes=5))
    here.backfill()
    assert missing(here) == {"d-1": False}
    here.at(NOON - timedelta(minutes=30))  # another host's
    here.backfill()
    assert missing(here) == {"d-1": False}


def test_missing_since_is_when_the_read_was_asked_for(scene: Open) -> None:
    here = scene("vono")
    here.put(here.thing(1), here.thing(2))
    here.at(EVENING)
    here.backfill()
    here.remove(here.thing(1))
    before = datetime.now(UTC) - timedelta(seconds=1)
    here.backfill()
    marked = "SELECT missing_since FROM facts.{} WHERE account = :account AND {} = '3/1'"
    ((since,),) = here.query(marked.format("recordings", "recording_id"))
    assert before < since <= datetime.now(UTC)
    assert here.query(marked.format("calls", "call_id")) == [(since,)]
    assert here.day(DAY).state in ("settling", "complete")
