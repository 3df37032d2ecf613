"""No backfill, however long it waits, keeps a poll from running: in the queue or in a pool."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dagster_shared.yaml_utils import load_yaml_from_path

from pipelines.definitions import build_defs
from pipelines.run_queue import runs_at_once
from pipelines.schedules import poll_tags
from resources.configuration.home import CHECKOUT
from resources.http.permits import BACKFILL
from resources.vendors import discover
from tests.unit import helpers

VENDORS = discover()


@pytest.fixture(scope="module")
def limits() -> dict[str, Any]:
    """What Dagster is told of runs at once."""
    settings = load_yaml_from_path(str(CHECKOUT / "pipelines" / "dagster.yaml"))
    assert isinstance(settings, dict)
    return settings


def by_tag(limits: dict[str, Any], tag: str, *, per_value: bool) -> int:
    """How many runs may carry the tag at once: with one value of it, or in all."""
    found = [
        limit["limit"]
        for limit in limits["run_coordinator"]["config"]["tag_concurrency_limits"]
        if limit["key"] == tag and ("value" in limit) == per_value
    ]
    assert len(found) == 1, found
    return int(found[0])


def test_backfills_leave_room_for_a_poll_of_every_vendor(limits: dict[str, Any]) -> None:
    """And for a refresh of the marts."""
    from_the_ui = by_tag(limits, "dagster/backfill", per_value=False)
    by_vendor = by_tag(limits, "callhouse/backfill", per_value=True)
    for vendors in (1, len(VENDORS), 20):
        assert runs_at_once(vendors) > from_the_ui + by_vendor * vendors + vendors
    assert "runs" not in limits["concurrency"], (
        "it would be taken instead of what goes by the vendors"
    )
    assert "max_concurrent_runs" not in limits["run_coordinator"]["config"]


def test_backfills_of_one_vendor_leave_room_in_its_pool(limits: dict[str, Any]) -> None:
    """All that the UI may run at once, `callhouse sync` from here and there, and the poll."""
    from_the_ui = by_tag(limits, "dagster/backfill", per_value=False)
    assert limits["concurrency"]["pools"]["default_limit"] >= from_the_ui + 2 + 1


def test_a_poll_is_none_of_those_that_are_limited(limits: dict[str, Any]) -> None:
    limited = {
        limit["key"] for limit in limits["run_coordinator"]["config"]["tag_concurrency_limits"]
    }
    accounts = [helpers.account("wolkvox")]
    for vendor in VENDORS.values():
        tags = poll_tags(vendor, accounts, accounts, datetime.now(UTC))
        assert not limited & tags.keys()
        assert int(tags["dagster/priority"]) > 0


def test_a_backfill_may_run_for_as_long_as_limits_make_it(limits: dict[str, Any]) -> None:
    """A month of a report by the day, every third turn of five minutes; a poll may not."""
    longest = timedelta(seconds=limits["run_monitoring"]["max_runtime_seconds"])
    assert longest > 31 * 3 * timedelta(minutes=5)
    assert longest > BACKFILL.longest
    accounts = [helpers.account("wolkvox")]
    tags = poll_tags(VENDORS["wolkvox"], accounts, accounts, datetime.now(UTC))
    assert timedelta(seconds=int(tags["dagster/max_runtime"])) <= timedelta(hours=1)


def test_every_vendors_load_is_in_its_own_pool() -> None:
    """One vendor's slow backfills take no other's slots."""
    defs = build_defs({})  # a job only lives as long as its definitions
    jobs = [defs.resolve_job_def(f"{name}_poll") for name in VENDORS]
    pools = [{node.definition.pool for node in job.graph.nodes} for job in jobs]  # type: ignore[attr-defined]
    assert pools == [{name} for name in VENDORS]
