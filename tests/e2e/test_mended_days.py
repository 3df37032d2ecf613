"""Days whose data is good come back to green, whatever a run that failed has left of them."""

from collections.abc import Iterable, Mapping

import dagster as dg
import pytest

from assets.resource import CallhouseResource
from resources.postgres.warehouse import Warehouse
from resources.standin import Fault, Tenant
from tests.e2e.conftest import START, TODAY
from tests.e2e.test_shown_checks import assert_shown, call
from tests.site import Site

DAYS = {f"{TODAY - ago}" for ago in (TODAY - TODAY, (TODAY - START) / 2, TODAY - START)}
MART = "marts/calls_by_day"


def look(site: Site, name: str = "days") -> int:
    """The sensor's tick; how much it tells."""
    sensor = site.definitions.get_repository_def().get_sensor_def(name)
    resources = {"callhouse": CallhouseResource()}
    with dg.build_sensor_context(site.instance, resources=resources) as context:
        told = sensor.evaluate_tick(context)
    for event in told.asset_events:
        site.instance.report_runless_asset_event(event)
    return len(told.asset_events)


def die(site: Site, assets: Iterable[str], days: Iterable[str] = DAYS) -> None:
    """A backfill whose runs fail before they do anything."""
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(CallhouseResource, "warehouse", None)
        assert site.ended(site.backfill(assets, days))["status"] == "COMPLETED_FAILED"


@pytest.mark.long
def test_what_a_run_that_died_left_red_turns_green_once(site: Site, warehouse: Warehouse) -> None:
    assets = site.assets("conpeek")
    site.ended(site.backfill(assets, DAYS))
    site.ended(site.backfill([MART], DAYS))
    assert look(site) == 0
    die(site, assets)
    die(site, [MART])
    for asset in (*assets, MART):
        assert site.days_of(asset, "FAILED") == DAYS
    site.poll("conpeek")
    assert look(site) == len(DAYS) * (len(assets) + 1)
    for asset in (*assets, MART):
        assert site.days_of(asset) == DAYS
        assert site.days_of(asset, "FAILED") == set()
    assert assert_shown(site, warehouse) == set(), "and no check went out of sight"
    assert look(site) == 0, "a green day is told no second time"


def test_a_day_that_was_never_told_is_told(site: Site) -> None:
    """The run that read it died before it could say so."""
    assets = site.assets("conpeek")
    site.ended(site.backfill(assets, DAYS))
    site.instance.wipe_assets([dg.AssetKey(asset.split("/")) for asset in assets])
    assert site.days_of("conpeek/dialogs") == set()
    assert look(site) == len(DAYS) * len(assets)
    assert site.days_of("conpeek/dialogs") == DAYS
    assert look(site) == 0, "a green day is told no second time"


def test_what_is_not_good_stays_red(site: Site, tenants: Mapping[str, Tenant]) -> None:
    """Of one account no day was ever read, and its polls fail; the marts lack a call of today."""
    assets = site.assets("conpeek")
    tenants["one"].put([call(1)])
    tenants["other"].arm(Fault.status(418), times=1000)
    site.ended(site.backfill(assets, DAYS))
    die(site, [MART])
    assert site.days_of("conpeek/dialogs", "FAILED") == DAYS
    site.poll("conpeek")
    look(site)
    assert site.days_of("conpeek/dialogs", "FAILED") == DAYS
    assert site.days_of(MART, "FAILED") == {f"{TODAY}"}


def test_days_that_nobody_has_read_are_not_told(site: Site) -> None:
    die(site, site.assets())
    assert look(site) == 0
    assert site.days_of("conpeek/dialogs") == set()


def test_checks_stand_as_they_are_soon_after_a_run_that_died(
    site: Site, warehouse: Warehouse
) -> None:
    site.poll("conpeek")
    assert_shown(site, warehouse)
    assert look(site, "checks") == 0
    die(site, site.assets("conpeek"), [f"{TODAY}"])
    assert set(site.checks().values()) != {"SUCCEEDED"}
    assert look(site, "checks") > 0
    assert assert_shown(site, warehouse) == set()
    assert look(site, "checks") == 0, "what is shown is told no second time"
