"""Accounts that can't be loaded into this warehouse fail alone, and say what to do."""

from datetime import timedelta

import pytest

from assets.loading.refusals import refusals
from assets.refresh import refresh_marts
from tests.loading.conftest import DAY, NOON, Open
from tests.unit.helpers import a_zone


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


ZONED = ("ops.accounts", "ops.days", "marts.calls_by_quarter_hour")
VIEWS = ("trust_by_day", "accounts", "completeness_by_day", "calls_by_15_minutes", "missed_callers")


def test_a_zone_that_the_server_no_longer_knows_hides_nothing_of_others(scene: Open) -> None:
    """As where a dump is restored on one whose time zone data is older."""
    here, other = scene("conpeek"), scene("conpeek")
    for one in (here, other):
        one.put(one.thing(1))
        one.poll()
    refresh_marts(here.system.warehouse)
    mine = "account = :account"
    for table in ZONED:
        here.query(f"UPDATE {table} SET timezone = 'Mars/Olympus' WHERE {mine} RETURNING 1")
    for view in VIEWS:
        assert other.query(f"SELECT count(*) >= 0 FROM marts.{view} WHERE :account <> ''")
    told = f"SELECT trust, why FROM marts.trust_by_day WHERE {mine} AND call_date = '{DAY}'"
    assert here.query(told)[0][0] == "not_read"
    assert "the database's server doesn't know the time zone Mars/Olympus" in here.query(told)[0][1]
    assert here.query(f"SELECT today FROM marts.accounts WHERE {mine}") == [(None,)]

    other.put(other.thing(2, minutes=30))
    here.later(hours=1)
    loader = here.system.loaders["conpeek"]
    assert not any(r.error for r in loader.poll([here.account, other.account], [here.stream]))
    assert len(other.versions()) == 2
    assert here.query(told)[0][0] != "trusted"
    assert "loaded as a day of Mars/Olympus" in here.query(told)[0][1]
    here.rebuild()
    assert here.day().timezone == here.account.timezone.key


def test_a_name_that_is_another_vendor_s_is_not_loaded(scene: Open) -> None:
    """The days of the one would count as read of the other."""
    old = scene("wolkvox.calls")
    old.put(old.thing(1))
    old.at(NOON + timedelta(days=12))
    assert old.backfill().error is None
    new = scene("clickfono", timezone=old.account.timezone)
    new.put(new.thing(1))
    new.account = new.account.model_copy(update={"name": old.account.name})
    told = f"callhouse forget --account {old.account.name}"
    for result in (new.poll(), new.backfill(), new.rebuild()):
        assert told in str(result.error)
    assert new.requests() == 0
    vendors = "SELECT DISTINCT vendor FROM facts.calls WHERE account = :account"
    assert new.query(vendors) == [("wolkvox",)]
    found = refusals(new.system.warehouse, [new.account, old.account])
    assert [(name, told in str(error)) for name, error in found.items()] == [
        (new.account.name, True)
    ]
    assert old.poll().error is None
