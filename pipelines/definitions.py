"""Everything that Dagster serves, put together: one code location."""

from collections.abc import Mapping

import dagster as dg

from assets.context import Callhouse
from assets.ledger import LEDGER, quota_check
from assets.loading.result import Watch
from assets.maintenance import maintenance_asset
from assets.marts import mart_assets, view_specs
from assets.partitions import business_days
from assets.streams import vendor_assets
from pipelines.alerts import alerts
from pipelines.schedules import poll_job, poll_schedule
from pipelines.upkeep import (
    maintenance_job,
    maintenance_schedule,
    marts_job,
    marts_schedule,
    requests,
)
from resources.account import Account
from resources.configuration import read_accounts
from resources.home import Home
from resources.vendors import discover


def build_defs(
    accounts: Mapping[str, Account] | None = None, watch: Watch | None = None
) -> dg.Definitions:
    """The definitions for the given accounts (default: those of the accounts file, if any).

    `watch` is shown what becomes of a load that runs in this process, while it runs.
    """
    if accounts is None:
        path = Home.from_environment().accounts
        accounts = read_accounts(path) if path.exists() else {}
    days = business_days(accounts.values())
    vendors = discover().values()
    assets = {vendor.name: vendor_assets(vendor, days, watch) for vendor in vendors}
    jobs = {vendor.name: poll_job(vendor, assets[vendor.name]) for vendor in vendors}
    schedules = [poll_schedule(vendor, jobs[vendor.name], days) for vendor in vendors]
    marts = mart_assets(vendors, days)
    refresh = marts_job(marts)
    maintenance = maintenance_asset({refresh.name, *(job.name for job in jobs.values())})
    nightly = maintenance_job(maintenance)
    return dg.Definitions(
        assets=[*assets.values(), marts, *view_specs(vendors), maintenance, LEDGER],
        asset_checks=[quota_check],
        jobs=[*jobs.values(), refresh, nightly],
        schedules=[*schedules, marts_schedule(refresh, days), maintenance_schedule(nightly)],
        sensors=[alerts, requests],
        resources={"callhouse": Callhouse()},
        executor=dg.in_process_executor,
    )


defs = build_defs()
