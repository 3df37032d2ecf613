"""Clocks: what is asked for, and when a day is over."""

from datetime import timedelta

import pytest

from resources.windows import day_start
from tests.loading.conftest import DAY, Open
from tests.loading.lists import EVERY


@pytest.mark.parametrize("vendor", EVERY)
@pytest.mark.parametrize("seconds", [0, 0.3, 1])
def test_a_poll_at_the_very_beginning_of_a_day(scene: Open, vendor: str, seconds: float) -> None:
    here = scene(vendor)
    midnight = day_start(DAY + timedelta(days=1), here.account.timezone)
    here.at(midnight - timedelta(minutes=10))
    assert here.poll().error is None
    here.put(
        here.thing(1, start=midnight - timedelta(minutes=30), end=midnight - timedelta(minutes=5))
    )
    here.at(midnight + timedelta(seconds=seconds))
    assert here.poll().error is None
    assert here.day().state != "complete"
    here.at(midnight + timedelta(days=4))
    assert here.poll().error is None
    assert here.day().state == "complete"
    assert here.day().facts == 1
