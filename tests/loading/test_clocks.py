"""Clocks: what is asked for, and when a day is over."""

from datetime import timedelta

import pytest

from resources.windows import day_start
from tests.loading.conftest import DAY, Open
from tests.loading.lists import EVERY
from tests.unit.helpers import a_zone


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


@pytest.mark.parametrize("vendor", ["conpeek", "wolkvox.calls"])
def test_a_zone_that_the_server_does_not_know_is_its_accounts_failure_alone(
    scene: Open, vendor: str
) -> None:
    here, other = scene(vendor), scene(vendor)
    zone = here.account.timezone
    accounts = [
        here.account.model_copy(update={"timezone": a_zone("Mars/Olympus")}),
        other.account,
    ]
    loader = here.system.loaders[here.account.vendor]
    noted = "SELECT count(*) > 0 FROM marts.trust_by_day WHERE account = :account"
    for failed, well in (
        loader.poll(accounts, [here.stream]),
        loader.backfill(accounts, [here.stream], [DAY]),
        loader.rebuild(accounts, [here.stream], [DAY]),
    ):
        assert "doesn't know the time zone Mars/Olympus: write one" in str(failed.error)
        assert well.error is None
    assert (here.query(noted), other.query(noted)) == ([(False,)], [(True,)])
    assert here.requests() == 0
    assert other.requests() > 0

    here.put(here.thing(1))
    here.account = here.account.model_copy(update={"timezone": zone})
    assert here.poll().error is None
    assert here.query(noted) == [(True,)]
