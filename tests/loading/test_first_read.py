"""The first answer for a day that is over: its server may not be ready yet, and show less."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from resources.account import Distrust
from resources.standin import Fault
from resources.windows import day_end, days_between
from tests.loading.conftest import DAY, NOON, STREAMS, Open, Scene

HOUR = timedelta(hours=1)


def after_the_end(here: Scene, passed: timedelta) -> None:
    here.at(day_end(DAY, here.account.timezone) + passed)


def show(here: Scene, count: int) -> None:
    here.tenant.clear()
    here.put(*(here.thing(number) for number in range(count)))


def poll_until(here: Scene, is_so: Callable[[], bool]) -> None:
    """Polls whenever the day is due, for three days at most."""
    until = here.system.clock.now() + timedelta(days=3)
    while not is_so():
        assert here.system.clock.now() < until, here.day()
        here.at(here.day().next_read_at)
        here.poll()


@pytest.mark.parametrize("stream", STREAMS)
def test_a_day_whose_vendor_is_late_is_complete_only_with_all(scene: Open, stream: str) -> None:
    """Its report of yesterday is made three hours after midnight."""
    here = scene(stream)
    after_the_end(here, timedelta(minutes=6))
    show(here, 4)
    here.poll()
    after_the_end(here, 3 * HOUR)
    assert here.backfill().error is None
    assert here.day().state == "settling"
    show(here, 10)
    poll_until(here, lambda: bool(here.day().state == "complete"))
    assert here.day().facts == 10
    assert here.system.clock.now() >= day_end(DAY, here.account.timezone) + 4 * HOUR


@pytest.mark.parametrize("stream", STREAMS)
def test_an_empty_day_is_believed_when_it_is_so_the_next_day(scene: Open, stream: str) -> None:
    here = scene(stream)
    here.at(NOON + timedelta(days=9))
    here.backfill()
    day = here.day()
    assert (day.state, day.facts) == ("settling", 0)
    assert "nothing came, and the vendor may not be ready" in day.note
    assert day.next_read_at == here.system.clock.now() + 24 * HOUR

    here.later(hours=23)
    here.backfill()
    assert here.day().state == "settling", "asked too soon, however often"
    here.later(hours=1)
    here.poll()
    assert (here.day().state, here.day().note) == ("complete", None)

    other = scene(stream)
    other.at(NOON + timedelta(days=9))
    other.backfill()
    show(other, 3)
    other.later(hours=24)
    other.poll()
    assert (other.day().state, other.day().facts) == ("complete", 3)


def test_an_old_day_costs_one_read(scene: Open) -> None:
    here = scene("evolux")
    show(here, 3)
    here.at(NOON + timedelta(days=9))
    here.backfill()
    assert (here.day().state, here.day().next_read_at, here.requests()) == ("complete", None, 1)


def test_a_day_that_was_complete_is_looked_at_once_more(scene: Open) -> None:
    """What a vendor brought in a day later."""
    here = scene("vono")
    after_the_end(here, timedelta(minutes=6))
    show(here, 4)
    here.poll()
    poll_until(here, lambda: bool(here.day().state == "complete"))
    assert here.day().next_read_at == day_end(DAY, here.account.timezone) + timedelta(days=2)
    show(here, 10)
    after_the_end(here, timedelta(days=2, minutes=-1))
    here.poll()
    assert here.day().facts == 4
    here.later(minutes=5)
    here.poll()
    assert (here.day().facts, here.day().state, here.day().next_read_at) == (10, "complete", None)

    read_at = here.day().read_at
    here.later(hours=30)
    here.poll()
    assert here.day().read_at == read_at, "once is enough"


def test_a_look_that_fails_is_repeated_later_and_the_day_stays_complete(scene: Open) -> None:
    here = scene("vono")
    after_the_end(here, timedelta(minutes=6))
    show(here, 4)
    here.poll()
    poll_until(here, lambda: bool(here.day().state == "complete"))
    after_the_end(here, timedelta(days=2))
    here.tenant.arm(Fault.status(500), 99)
    here.backfill()
    here.backfill()
    day = here.day()
    assert (day.state, day.next_read_at > here.system.clock.now()) == ("complete", True)
    here.tenant.disarm()
    here.at(day.next_read_at)
    here.poll()
    assert (here.day().state, here.day().next_read_at) == ("complete", None)
    here.tenant.arm(Fault.status(500), 99)
    here.backfill()
    assert (here.day().state, here.day().next_read_at) == ("complete", None), "nobody waits for it"


def test_a_look_that_has_to_wait_is_due_when_the_limit_says(scene: Open) -> None:
    """Else each poll asks for it until then, in vain."""
    here = scene("vono")
    after_the_end(here, timedelta(minutes=6))
    show(here, 4)
    here.poll()
    poll_until(here, lambda: bool(here.day().state == "complete"))
    after_the_end(here, timedelta(days=2, minutes=-1))
    here.poll()
    here.later(minutes=5)
    throttled = Fault.status(429, retry_after="7200")
    here.tenant.arm(throttled, 9, when=lambda ask: ask.query["date_ini"] == f"{DAY}")
    until = here.poll().deferred_until
    day = here.day()
    assert (day.state, day.note, day.next_read_at) == ("complete", None, until)
    assert until is not None
    assert until > here.system.clock.now()


def test_totals_that_grow_are_not_the_same(scene: Open) -> None:
    """The same agents, with what the report knew until then."""
    here = scene("wolkvox", DAY, distrust=Distrust(again_after_h=30, recent_days=9))
    after_the_end(here, timedelta(hours=1))
    here.put(here.thing(1))
    here.backfill()
    here.put(here.thing(1, value=77))
    here.later(hours=29)
    here.backfill()
    here.later(hours=2)
    here.backfill()
    assert here.day().state == "settling", "31 hours after the first, 2 after the second"
    here.later(hours=28)
    here.backfill()
    assert here.day().state == "complete"


@pytest.mark.parametrize(
    ("header", "value"), [("Retry-After", "1"), ("Warning", '199 - "maintenance"')]
)
def test_an_empty_answer_that_speaks_of_trouble_is_none(
    scene: Open, header: str, value: str
) -> None:
    here = scene("clickfono")
    here.at(NOON + timedelta(days=9))
    here.tenant.arm(Fault.says({header.lower(): value}), 99)
    result = here.backfill()
    assert result.state in ("failed", "deferred")
    said = "SELECT error FROM ops.requests WHERE account = :account ORDER BY id DESC LIMIT 1"
    assert "the answer is empty" in here.query(said)[0][0]
    assert here.day().state != "complete"


SENTENCES: dict[str, Callable[[str], Fault]] = {
    "conpeek": lambda text: Fault.says(message=text),
    "evolux": lambda text: Fault.says(meta={"status": 200, "message": text}),
    "vono": lambda text: Fault.says(reason=text),
    "wolkvox.calls": lambda text: Fault.says(msg=text),
}
"""How a vendor says something beside its list."""
REASONS = ["Token expired", "Query timeout", "Sistema em manutenção", "Session expired"]


@pytest.mark.parametrize("stream", SENTENCES)
@pytest.mark.parametrize("text", [*REASONS, "Maintenance window"])
def test_an_empty_list_beside_a_reason_for_it_is_no_empty_day(
    scene: Open, stream: str, text: str
) -> None:
    here = scene(stream)
    here.at(NOON + timedelta(days=9))
    here.tenant.arm(SENTENCES[stream](text), 99)
    result = here.backfill()
    assert result.state == "failed"
    assert text in str(result.error)
    assert here.day().state == "failed"


@pytest.mark.parametrize("stream", SENTENCES)
@pytest.mark.parametrize("text", REASONS)
def test_records_beside_a_reason_for_others_to_lack_are_no_whole_day(
    scene: Open, stream: str, text: str
) -> None:
    here = scene(stream)
    show(here, 3)
    here.at(NOON + timedelta(days=9))
    here.tenant.arm(SENTENCES[stream](text), 99)
    assert text in str(here.backfill().error)
    assert here.day().state == "failed"


@pytest.mark.parametrize("text", ["Your key expires on 2025-12-{}", "Szanowni Państwo"])
def test_what_stood_beside_records_is_no_reason_for_an_empty_list(scene: Open, text: str) -> None:
    here = scene("conpeek")
    show(here, 3)
    here.at(NOON + timedelta(days=9))
    here.tenant.arm(Fault.says(message=text.format(30)), 1)
    here.tenant.arm(Fault.says(message=text.format(31)), 99)
    assert here.backfill().error is None


@pytest.mark.parametrize(
    "text", ["OK", "Success", "No records found", "Nenhum registro", "page 1 of 1", "Token válido"]
)
@pytest.mark.parametrize("stream", [stream for stream in SENTENCES if stream != "wolkvox.calls"])
def test_a_quiet_day_may_be_said_to_be_one(scene: Open, stream: str, text: str) -> None:
    here = scene(stream)
    here.at(NOON + timedelta(days=9))
    here.tenant.arm(SENTENCES[stream](text), 99)
    assert here.backfill().error is None
    here.confirm()
    assert here.day().state == "complete"


def test_an_empty_day_among_full_ones_is_told(scene: Open) -> None:
    """Not one that is so each week: people close on Sundays."""
    before = DAY - timedelta(days=7)
    here = scene("vono", before)
    here.put(*(here.thing(n, minutes=24 * 60 * n) for n in (-7, -1)))
    here.at(NOON + timedelta(days=9))
    here.backfill(*days_between(before, DAY + timedelta(days=1)))
    assert here.implausible() == [DAY]
    here.later(hours=24)
    here.poll()
    assert here.day().state == "complete"
    assert DAY not in here.implausible()
