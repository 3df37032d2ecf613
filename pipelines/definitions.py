"""Everything that Dagster serves, put together: one code location."""

from collections.abc import Mapping

import dagster as dg

from assets.context import Callhouse
from assets.ledger import LEDGER, quota_check
from assets.loading.result import Watch
from assets.maintenance import maintenance_asset
from assets.marts import mart_assets, view_specs
from assets.partitions import business_days
from assets.streams import vendor_assets, vendor_spec
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
from resources.vendor import Vendor
from resources.vendors import discover


def build_defs(
    accounts: Mapping[str, Account] | None = None, watch: Watch | None = None
) -> dg.Definitions:
    """The definitions for the given accounts (default: those of the accounts file, if any): the
    vendors and streams that they use.

    `watch` is shown what becomes of a load that runs in this process, while it runs.
    """
    if accounts is None:
        path = Home.from_environment().accounts
        accounts = read_accounts(path) if path.exists() else {}
    days = business_days(accounts.values())
    used = _used(accounts)
    vendors = [vendor.only(names) for vendor, names in used]
    assets = {vendor.name: vendor_assets(vendor, days, watch, names) for vendor, names in used}
    jobs = {vendor.name: poll_job(vendor, assets[vendor.name]) for vendor in vendors}
    schedules = [poll_schedule(vendor, jobs[vendor.name], days) for vendor in vendors]
    marts = mart_assets(vendors, days)
    refresh = marts_job(marts)
    maintenance = maintenance_asset({refresh.name, *(f"{name}_poll" for name in discover())})
    nightly = maintenance_job(maintenance)
    return dg.Definitions(
        assets=[
            *map(vendor_spec, vendors),
            *assets.values(),
            marts,
            *view_specs(vendors),
            maintenance,
            LEDGER,
        ],
        asset_checks=[quota_check],
        jobs=[*jobs.values(), refresh, nightly],
        schedules=[*schedules, marts_schedule(refresh, days), maintenance_schedule(nightly)],
        sensors=[alerts, requests],
        resources={"callhouse": Callhouse()},
        executor=dg.in_process_executor,
    )


def _used(accounts: Mapping[str, Account]) -> list[tuple[Vendor, set[str]]]:
    """The vendors that have accounts, each with the names of the streams that some of these load.
    Without any account, all of them: nobody has said yet what will be used.
    """
    names: dict[str, set[str]] = {}
    for account in accounts.values():
        names.setdefault(account.vendor, set()).update(account.streams)
    if not names:
        names = {v.name: {stream.name for stream in v.streams} for v in discover().values()}
    return [(vendor, names[vendor.name]) for vendor in discover().values() if vendor.name in names]


defs = build_defs()
