"""Days whose data is good come back to green, whatever a run that failed has left of them."""

from collections.abc import Iterable, Mapping

import dagster as dg
import pytest

from assets.resource import CallhouseResource
from resources.postgres.warehouse import Warehouse
from resources.standin import Fault, Tenant
from tests.e2e.conftest import START, TODAY
from tests.e2e.test_shown_checks import assert_shown, call
from tests.in_process_dagster import InProcessDagster

DAYS = {f"{TODAY - ago}" for ago in (TODAY - TODAY, (TODAY - START) / 2, TODAY - START)}
MART = "marts/calls_by_day"


def look(dagster: InProcessDagster, name: str = "days") -> int:
    """The sensor's tick; how much it tells."""
    sensor = dagster.definitions.get_repository_def().get_sensor_def(name)
    resources = {"callhouse": CallhouseResource()}
    with dg.build_sensor_context(dagster.instance, resources=resources) as context:
        told = sensor.evaluate_tick(context)
    for event in told.asset_events:
        dagster.instance.report_runless_asset_event(event)
    return len(told.asset_events)


def die(dagster: InProcessDagster, assets: Iterable[str], days: Iterable[str] = DAYS) -> None:
    """A backfill whose runs fail before they do anything."""
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(CallhouseResource, "warehouse", None)
        assert dagster.ended(dagster.backfill(assets, days))["status"] == "COMPLETED_FAILED"


@pytest.mark.long
def test_what_a_run_that_died_left_red_turns_green_once(
    dagster: InProcessDagster, warehouse: Warehouse
) -> None:
    assets = dagster.assets("conpeek")
    dagster.ended(dagster.backfill(assets, DAYS))
    dagster.ended(dagster.backfill([MART], DAYS))
    assert look(dagster) == 0
    die(dagster, assets)
    die(dagster, [MART])
    for asset in (*assets, MART):
        assert dagster.days_of(asset, "FAILED") == DAYS
    dagster.poll("conpeek")
    assert look(dagster) == len(DAYS) * (len(assets) + 1)
    for asset in (*assets, MART):
        assert dagster.days_of(asset) == DAYS
        assert dagster.days_of(asset, "FAILED") == set()
    assert assert_shown(dagster, warehouse) == set(), "and no check went out of sight"
    assert look(dagster) == 0, "a green day is told no second time"


def test_a_day_that_was_never_told_is_told(dagster: InProcessDagster) -> None:
    """The run that read it died before it could say so."""
    assets = dagster.assets("conpeek")
    dagster.ended(dagster.backfill(assets, DAYS))
    dagster.instance.wipe_assets([dg.AssetKey(asset.split("/")) for asset in assets])
    assert dagster.days_of("conpeek/dialogs") == set()
    assert look(dagster) == len(DAYS) * len(assets)
    assert dagster.days_of("conpeek/dialogs") == DAYS
    assert look(dagster) == 0, "a green day is told no second time"


def test_what_is_not_good_stays_red(
    dagster: InProcessDagster, tenants: Mapping[str, Tenant]
) -> None:
    """Of one account no day was ever read, and its polls fail; the marts lack a call of today."""
    assets = dagster.assets("conpeek")
    tenants["one"].put([call(1)])
    tenants["other"].arm(Fault.status(418), times=1000)
    dagster.ended(dagster.backfill(assets, DAYS))
    die(dagster, [MART])
    assert dagster.days_of("conpeek/dialogs", "FAILED") == DAYS
    dagster.poll("conpeek")
    look(dagster)
    assert dagster.days_of("conpeek/dialogs", "FAILED") == DAYS
    assert dagster.days_of(MART, "FAILED") == {f"{TODAY}"}


def test_days_that_nobody_has_read_are_not_told(dagster: InProcessDagster) -> None:
    die(dagster, dagster.assets())
    assert look(dagster) == 0
    assert dagster.days_of("conpeek/dialogs") == set()


def test_checks_stand_as_they_are_soon_after_a_run_that_died(
    dagster: InProcessDagster, warehouse: Warehouse
) -> None:
    dagster.poll("conpeek")
    assert_shown(dagster, warehouse)
    assert look(dagster, "checks") == 0
    die(dagster, dagster.assets("conpeek"), [f"{TODAY}"])
    assert set(dagster.checks().values()) != {"SUCCEEDED"}
    assert look(dagster, "checks") > 0
    assert assert_shown(dagster, warehouse) == set()
    assert look(dagster, "checks") == 0, "what is shown is told no second time"
