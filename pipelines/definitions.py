"""Everything that Dagster serves, put together: one code location."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import dagster as dg
from dagster._core.definitions.definitions_load_context import (
    DefinitionsLoadContext,
    DefinitionsLoadType,
)

from assets.accounts_file import ACCOUNTS, accounts_checks
from assets.ledger import LEDGER, quota_check
from assets.loading.context import Watch
from assets.maintenance.asset import maintenance_asset
from assets.marts import mart_assets, view_specs
from assets.report_page import report_asset
from assets.resource import CallhouseResource
from assets.vendor_assets import vendor_assets, vendor_spec
from pipelines.alerts import alerts
from pipelines.graph import Graph
from pipelines.heartbeats import wait_longer
from pipelines.maintenance import maintenance_job, maintenance_schedule
from pipelines.refreshes import marts_job, marts_schedule
from pipelines.report import report_job, report_schedule
from pipelines.schedules import poll_job, poll_schedule
from pipelines.sensors import accounts_sensor, checks_sensor, days_sensor, requests
from pipelines.warm_runs import make_runs_warm
from resources.account import Account
from resources.configuration.home import Home
from resources.configuration.settings import read_settings
from resources.vendors import discover

GRAPH = "callhouse/graph"
"""What Dagster hands each run of what the code location was loaded with."""


def build_defs(
    accounts: Mapping[str, Account] | None = None,
    watch: Watch | None = None,
    since: date | None = None,
) -> dg.Definitions:
    """The definitions for the given accounts (default: those of the accounts file, if any): the
    vendors and streams that they use.

    `watch` is shown what becomes of a load that runs in this process, while it runs. `since`: a day
    that there is, as the warehouse may have days of accounts that have left.
    """
    if accounts is None:
        accounts = _accounts()
    return _build(Graph.of(accounts, since=since), watch)


def _accounts() -> Mapping[str, Account]:
    return read_settings(Home.from_environment()).accounts


def _build(graph: Graph, watch: Watch | None = None) -> dg.Definitions:
    days, vendors = graph.days, graph.vendors
    assets = {
        vendor.name: vendor_assets(discover()[vendor.name], days, watch, graph.streams[vendor.name])
        for vendor in vendors
    }
    jobs = {vendor.name: poll_job(vendor, assets[vendor.name]) for vendor in vendors}
    schedules = [poll_schedule(vendor, jobs[vendor.name], days) for vendor in vendors]
    marts = mart_assets(vendors, days)
    refresh = marts_job(marts)
    page = report_asset()
    making = report_job(page)
    polls = {f"{name}_poll" for name in discover()}
    maintenance = maintenance_asset({refresh.name, making.name, *polls})
    nightly = maintenance_job(maintenance)
    return dg.Definitions(
        assets=[
            *map(vendor_spec, vendors),
            *assets.values(),
            marts,
            *view_specs(vendors),
            page,
            maintenance,
            LEDGER,
            ACCOUNTS,
        ],
        asset_checks=[quota_check, accounts_checks(graph.lacks)],
        jobs=[*jobs.values(), refresh, making, nightly],
        schedules=[
            *schedules,
            marts_schedule(refresh, days),
            report_schedule(making),
            maintenance_schedule(nightly),
        ],
        sensors=[
            alerts,
            requests,
            days_sensor(graph),
            checks_sensor(graph),
            accounts_sensor(graph.lacks),
        ],
        resources={"callhouse": CallhouseResource()},
        executor=dg.in_process_executor,
    )


@lru_cache(maxsize=2)
def _known(graph: str) -> dg.Definitions:
    """Made once a process: runs of one process share them."""
    return _build(Graph.read(graph))


@dg.definitions
def defs() -> dg.Definitions:
    """Those for the accounts as they are. A run's are what the UI showed when it was asked for: a
    vendor whose accounts have left since has nothing to do, and others are loaded beside it.
    """
    context = DefinitionsLoadContext.get()
    shown = None
    if context.load_type is DefinitionsLoadType.RECONSTRUCTION:
        shown = context.reconstruction_metadata.get(GRAPH)
    graph = shown or Graph.of(_accounts()).text
    context.add_to_pending_reconstruction_metadata(GRAPH, graph)
    return _known(graph)


make_runs_warm()
wait_longer()
