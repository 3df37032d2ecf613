"""Silence: a read that shows nothing, or much less, of what is known of a day deletes nothing."""

from datetime import timedelta
from itertools import pairwise

import pytest

from resources.account import Distrust
from resources.standin import Fault
from tests.loading.conftest import DAY, NOON, STREAMS, Open, Scene

EVENING = NOON + timedelta(days=8)
"""The day has settled, in every stream."""
ONE = timedelta(days=1)


def show(here: Scene, *numbers: int) -> None:
    """From now on the vendor has these, and no others."""
    here.tenant.clear()
    here.put(*(here.thing(number) for number in numbers))


def loaded(here: Scene, known: int) -> None:
    """A day that has been read whole, long ago."""
    show(here, *range(known))
    here.at(EVENING)
    here.backfill()
    assert (here.day().state, here.day().facts) == ("complete", known), here.day()


def missing(here: Scene) -> int:
    """How many of the day's records are marked, or deleted from an aggregate."""
    marked = here.query(
        "SELECT count(*) FROM raw.heads WHERE account = :account AND missing_since IS NOT NULL"
    )[0][0]
    assert isinstance(marked, int)
    ((facts,),) = here.query(
        f"SELECT count(*) FROM facts.{here.kind.table} WHERE account = :account"
        + ("" if here.kind.replaces else " AND missing_since IS NULL")
    )
    ((heads,),) = here.query(
        "SELECT count(*) FROM raw.heads WHERE account = :account AND NOT rejected"
    )
    assert facts == heads - marked
    return marked


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("known", [1, 50])
def test_a_day_that_is_answered_empty_keeps_all(scene: Open, stream: str, known: int) -> None:
    here = scene(stream)
    loaded(here, known)
    show(here)
    assert here.backfill().error is None
    day = here.day()
    assert (missing(here), day.facts, day.state) == (0, known, "settling")
    assert f"0 of {known} known records came" in day.note
    assert f"callhouse accept {here.account.name} {here.kind.stream} {DAY}" in day.note
    assert day.next_read_at > here.system.clock.now()

    for _ in range(2):  # it isn't believed however often it comes
        here.later(days=1)
        here.poll()
        assert (missing(here), here.day().state) == (0, "settling")

    show(here, *range(known))
    here.at(here.day().next_read_at)
    here.poll()
    assert (missing(here), here.day().state, here.day().note) == (0, "complete", None)


@pytest.mark.parametrize("stream", STREAMS)
def test_much_less_is_believed_when_it_comes_again_on_another_day(scene: Open, stream: str) -> None:
    here = scene(stream)
    loaded(here, 50)
    show(here, 1, 2, 3)
    here.backfill()
    day = here.day()
    assert (missing(here), day.facts, day.state) == (0, 50, "settling")
    assert "3 of 50 known records came" in day.note
    here.later(hours=1)
    here.poll()
    assert missing(here) == 0, "the same day"
    assert here.day().state == "settling"
    here.later(days=1)
    here.poll()
    day = here.day()
    assert (missing(here), day.raw_records - day.missing) == (47, 3)
    assert (day.state, day.note) == ("complete", None)


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("left", [0, 3])
def test_what_an_operator_accepts_is_believed_at_the_next_read(
    scene: Open, stream: str, left: int
) -> None:
    here = scene(stream)
    loaded(here, 50)
    show(here, *range(left))
    here.backfill()
    where, lost = f"{here.account.name} {here.kind.stream} {DAY}", 50 - left
    assert here.accept().startswith(f"{where}: accepted. {lost} known records")
    assert here.accept().startswith(f"{where}: was accepted already. {lost} known records")
    assert missing(here) == 0, "not before the next read"
    here.poll()
    assert (missing(here), here.day().state, here.day().note) == (lost, "complete", None)
    assert (
        here.accept() == f"{where}: nothing to accept, as its last read is believed; it is complete"
    )


def test_what_was_accepted_is_not_what_comes_later(scene: Open) -> None:
    here = scene("conpeek")
    loaded(here, 50)
    show(here, 1, 2, 3)
    here.backfill()
    here.accept()
    show(here)
    here.poll()
    assert (missing(here), here.day().state) == (0, "settling")
    show(here, 1, 2, 3)
    here.backfill()
    assert (missing(here), here.day().state) == (0, "settling"), "it was another answer's"


def test_a_day_that_got_quiet_can_be_accepted(scene: Open) -> None:
    here = scene("conpeek")
    loaded(here, 3)
    show(here)
    for _ in range(6):
        here.backfill()
    assert here.day().state == "complete"
    here.accept()
    assert here.day().state == "settling"
    here.poll()
    assert (missing(here), here.day().state) == (3, "complete")


@pytest.mark.parametrize("stream", STREAMS)
def test_less_that_is_other_than_before_is_not_believed(scene: Open, stream: str) -> None:
    """A server that shows some records, and the next day others, hasn't deleted any."""
    here = scene(stream)
    loaded(here, 50)
    for number in range(5):
        show(here, number)
        here.backfill()
        assert (missing(here), here.day().state) == (0, "settling")
        here.later(days=1)
    here.backfill()
    assert missing(here) == 49


@pytest.mark.parametrize("stream", STREAMS)
def test_a_few_of_many_are_gone_at_once(scene: Open, stream: str) -> None:
    here = scene(stream)
    loaded(here, 50)
    show(here, *range(25))
    here.backfill()
    assert (missing(here), here.day().state) == (25, "complete")


def test_a_few_of_few_are_gone_at_once(scene: Open) -> None:
    here = scene("evolux")
    loaded(here, 19)
    show(here, 0)
    here.backfill()
    assert (missing(here), here.day().state) == (18, "complete")


def test_an_account_says_what_it_distrusts(scene: Open) -> None:
    here = scene("evolux", distrust=Distrust(below_share=0.9, from_records=4))
    loaded(here, 5)
    show(here, *range(4))
    here.backfill()
    assert (missing(here), here.day().state) == (0, "settling")
    here.account = here.account.model_copy(
        update={"distrust": Distrust(below_share=0, from_records=1)}
    )
    here.backfill()
    assert missing(here) == 1
    show(here, 1)
    here.backfill()
    assert missing(here) == 4, "any part is believed"
    show(here)
    here.backfill()
    assert missing(here) == 4, "but never nothing at all"


@pytest.mark.parametrize("stream", STREAMS)
def test_other_records_in_place_of_the_known_ones_are_not_silence_but_much_less(
    scene: Open, stream: str
) -> None:
    here = scene(stream)
    loaded(here, 2)
    show(here, 7)
    here.backfill()
    assert (missing(here), here.day().facts, here.day().state) == (0, 3, "settling")
    assert "0 of 2 known records came" in here.day().note
    here.later(days=1)
    here.backfill()
    assert (missing(here), here.day().state) == (2, "complete")


@pytest.mark.parametrize("stream", STREAMS)
def test_the_days_of_one_window_are_judged_each_by_itself(scene: Open, stream: str) -> None:
    here = scene(stream, DAY - 2 * ONE)
    days = [DAY - 2 * ONE, DAY - ONE, DAY]

    def put(*numbers: int) -> None:
        here.tenant.clear()
        for number in numbers:
            here.put(here.thing(number, minutes=-24 * 60 * (number % 3)))

    put(*range(12))
    here.at(EVENING)
    here.backfill(*days)
    put(1, 2, 4, 5, 7, 8, 10)  # nothing of DAY, all of the day before it, one less two days before
    here.backfill(*days)
    here.poll()  # what was lacking isn't in the days beside, either
    states = {day: (here.day(day).state, here.day(day).facts) for day in days}
    lost = 3 if here.kind.replaces else 4
    assert states == {DAY - 2 * ONE: ("complete", lost), DAY - ONE: ("complete", 4),
                      DAY: ("settling", 4)}  # fmt: skip
    assert missing(here) == 1


@pytest.mark.parametrize("stream", STREAMS)
def test_a_day_that_was_complete_gets_quiet_again(scene: Open, stream: str) -> None:
    """As where the vendor keeps old days for some months: what was read in time is right."""
    here = scene(stream)
    loaded(here, 3)
    completed_at = here.day().completed_at
    show(here)
    here.backfill()
    looks = [here.system.clock.now()]
    while due := here.day().next_read_at:
        here.at(due)
        here.backfill()
        looks.append(due)
    pauses = [after - before for before, after in pairwise(looks)]
    assert pauses == sorted(pauses)
    assert pauses[0] >= timedelta(hours=1)
    assert len(pauses) == 5
    assert sum(pauses, timedelta(0)) > timedelta(days=10)
    day = here.day()
    assert (day.state, day.facts, missing(here)) == ("complete", 3, 0)
    assert day.completed_at == completed_at
    assert "0 of 3 known records came" in day.note

    here.backfill()
    assert here.day().state == "complete", "it is known already"
    show(here, 1)
    here.backfill()
    assert (here.day().state, here.day().note, missing(here)) == ("complete", None, 2)


def test_days_beside_each_other_get_quiet_too(scene: Open) -> None:
    """What one lacks is looked for in the others: that doesn't keep them from being quiet."""
    here = scene("clickfono", DAY - 2 * ONE)
    days = [DAY - 2 * ONE, DAY - ONE, DAY]
    here.put(*(here.thing(number, minutes=-24 * 60 * number) for number in range(3)))
    here.at(EVENING)
    here.backfill(*days)
    here.tenant.clear()
    for _ in range(7):
        here.backfill(*days)
        here.later(days=10)
    assert {here.day(day).state for day in days} == {"complete"}
    assert missing(here) == 0


def test_a_day_that_never_was_complete_is_not_for_having_been_asked_often(scene: Open) -> None:
    here = scene("evolux")
    here.put(here.thing(1))
    here.poll()
    show(here)
    here.later(days=2)
    for _ in range(9):
        here.backfill()
        here.at(here.day().next_read_at)
    assert (here.day().state, here.day().facts, missing(here)) == ("settling", 1, 0)


@pytest.mark.parametrize("stream", ["clickfono", "wolkvox"])
def test_a_day_that_goes_on_says_so_at_once(scene: Open, stream: str) -> None:
    here = scene(stream)
    show(here, *range(30))
    here.poll()
    show(here, 1)
    for _ in range(3):
        here.later(minutes=5)
        here.poll()
        assert (missing(here), here.day().state) == (0, "open")
        assert "1 of 30 known records came" in here.day().note
    show(here, *range(30))
    here.later(minutes=5)
    here.poll()
    assert (here.day().state, here.day().note) == ("open", None)


def test_a_moved_day_is_not_silence(scene: Open) -> None:
    """All callbacks of a day were tried again on the next one."""
    here = scene("clickfono", DAY - ONE)
    here.put(*(here.thing(number, minutes=-24 * 60) for number in range(30)))
    here.at(EVENING)
    here.backfill(DAY - ONE, DAY)
    here.tenant.clear()
    here.put(*(here.thing(number) for number in range(30)))
    here.backfill(DAY - ONE)
    assert here.day(DAY - ONE).state == "settling"
    here.poll()  # the days beside it are read: there they are
    here.poll()
    assert [here.day(day).facts for day in (DAY - ONE, DAY)] == [0, 30]
    here.confirm(DAY - ONE)
    assert [here.day(day).state for day in (DAY - ONE, DAY)] == ["complete", "complete"]
    assert here.day(DAY - ONE).note is None


def test_what_is_wrong_with_kept_records_is_kept_too(scene: Open) -> None:
    here = scene("conpeek")
    show(here, *range(3))
    here.put(here.thing(3, broken=True))
    here.at(EVENING)
    here.tenant.arm(Fault.add(["no object"]), 1)
    here.backfill()
    before = here.rejects()
    assert len(before) == 2
    show(here)
    here.backfill()
    assert (missing(here), here.rejects()) == (0, before)


def test_a_second_look_that_a_limit_forbids_is_the_next_read_s(scene: Open) -> None:
    """No total says that a record is gone, and no two requests may be made within five minutes."""
    here = scene("clickfono")
    loaded(here, 3)
    show(here, 1, 2)
    limited = here.account.limits.model_copy(update={"min_interval_s": 300.0})
    here.account = here.account.model_copy(update={"limits": limited})
    reopen = "UPDATE ops.days SET state = 'settling' WHERE account = :account RETURNING 1"
    here.query(reopen)
    looked_for = "known records weren't in the answers: they are looked for again"
    here.poll_until(lambda: here.day().note == looked_for)
    assert (missing(here), here.day().state) == (0, "settling")
    here.poll_until(lambda: here.day().note != looked_for)
    assert (missing(here), here.day().state) == (1, "complete")
