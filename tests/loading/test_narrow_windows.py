"""Servers that give only a part of a window of several days: no day is complete without its own."""

from datetime import timedelta

import pytest

from resources.standin import Quirk
from tests.loading.conftest import DAY, NOON, Open

DAYS = [DAY + timedelta(days=n) for n in range(4)]
LATER = NOON + timedelta(days=12)


@pytest.mark.parametrize("stream", ["conpeek", "wolkvox.calls"])
def test_a_day_counts_as_empty_only_when_it_was_asked_for_alone(scene: Open, stream: str) -> None:
    for shows in ("none", "first", "last"):
        here = scene(stream)
        for n in range(len(DAYS)):
            here.put(*(here.thing(10 * n + i, minutes=24 * 60 * n + i) for i in range(3)))
        here.tenant.behave(Quirk.narrow(shows))
        here.at(LATER)
        here.backfill(*DAYS)
        for _ in range(20):
            found = {day: here.day(day) for day in DAYS}
            short = {day for day in DAYS if found[day].facts < 3}
            assert all(found[day].state != "complete" for day in short), shows
            if all(known.state == "complete" for known in found.values()):
                break
            here.poll()
        done = [(here.day(day).state, here.day(day).facts) for day in DAYS]
        assert done == [("complete", 3)] * 4, shows
        again = here.backfill(*DAYS)
        assert again.error is None
        for _ in range(4):
            here.poll()
        done = [(here.day(day).state, here.day(day).facts) for day in DAYS]
        assert done == [("complete", 3)] * 4, shows


@pytest.mark.parametrize("stream", ["conpeek", "wolkvox.calls"])
def test_an_empty_day_costs_one_request(scene: Open, stream: str) -> None:
    here = scene(stream)
    here.put(here.thing(1), here.thing(2, minutes=3 * 24 * 60))
    here.at(LATER)
    for _ in range(20):
        here.poll()
    for day in DAYS:
        here.confirm(day)
    states = [here.day(day).state for day in DAYS]
    assert states == ["complete"] * 4
    here.requests()
    here.poll()
    assert here.requests() == 1
