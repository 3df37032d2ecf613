"""The ledger in Dagster: requests to vendors, by account, and what is left of daily quotas.

Reported by a sensor, without a run: figures of each hour, which Dagster plots; and, at once, that a
quota is used up.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from assets import hour_chart
from assets.check_results import FINDINGS
from assets.metadata import table
from assets.quota import Quota, read_quotas
from assets.resource import CallhouseResource
from assets.specs import OWNERS, table_metadata
from resources.account import Account
from resources.postgres.warehouse import Warehouse

KEY = dg.AssetKey(["ops", "requests"])
CHECK = "quota"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST = 20
"""Lines of a table, and quotas that are plotted: those with the most requests."""

LEDGER = dg.AssetSpec(
    KEY,
    group_name="ops",
    owners=OWNERS,
    kinds={"postgres"},
    description=(
        "Every request made to a vendor: how many an hour, of which account and report, and how "
        "much of the daily quotas they used. *Metadata* has it, as *Plots* too."
    ),
    metadata=table_metadata("ops.requests"),
)


@dg.asset_check(asset=KEY, name=CHECK, description="No daily quota is used up.")
def quota_check(callhouse: CallhouseResource) -> dg.AssetCheckResult:
    """The check as things stand now, where somebody executes it by hand."""
    with callhouse.warehouse() as warehouse:
        quotas = read_quotas(warehouse, callhouse.all_accounts().values(), warehouse.now())
    return dg.AssetCheckResult(**_quota_check(quotas))


def quota_evaluation(quotas: Sequence[Quota]) -> dg.AssetCheckEvaluation:
    """The same without a run."""
    return dg.AssetCheckEvaluation(asset_key=KEY, check_name=CHECK, **_quota_check(quotas))


def hour_materialisation(
    warehouse: Warehouse,
    accounts: Mapping[str, Account],
    quotas: Sequence[Quota],
    until: datetime,
) -> dg.AssetMaterialization | None:
    """The hour before `until`, and the day before it in tables; None if nothing was asked."""
    hour = warehouse.rows("status/requests_by_report", since=until - HOUR, until=until)
    if not hour:
        return None
    vendors: Counter[str] = Counter()
    for row in hour:
        if row.account in accounts:
            vendors[accounts[row.account].vendor] += row.requests
    day = warehouse.rows("status/requests_by_report", since=until - DAY, until=until)
    hours = warehouse.rows("status/requests_by_hour", since=until - DAY, until=until)
    counted = sorted(quotas, key=lambda quota: -quota.used)[:MOST]
    metadata: dict[str, Any] = {
        "requests": sum(row.requests for row in hour),
        "requests of backfills": sum(row.by_backfill for row in hour),
        "failed requests": sum(row.failed for row in hour),
        "bytes": sum(row.bytes for row in hour),
        **{f"requests: {vendor}": requests for vendor, requests in sorted(vendors.items())},
        **{f"quota used: {quota.operation}": quota.used for quota in counted},
        "last 24 hours": table(
            ["account", "report", "requests", "by backfills", "failed", "bytes"],
            [tuple(row) for row in day[:MOST]],
        ),
        "last 24 hours, drawn": hour_chart.as_image(
            {row.hour: row.requests for row in hours}, "requests"
        ),
    }
    if quotas:
        metadata["quotas"] = table(
            ["operation", "day", "used", "by backfills", "of", "left"],
            [
                (q.operation, str(q.day), q.used, q.by_backfill, q.daily_requests, q.left)
                for q in counted
            ],
        )
    return dg.AssetMaterialization(KEY, metadata=metadata)


def _quota_check(quotas: Sequence[Quota]) -> dict[str, Any]:
    trouble = [quota.trouble for quota in quotas if quota.trouble and not quota.left]
    return {
        "passed": not trouble,
        "severity": dg.AssetCheckSeverity.WARN,
        "description": "; ".join(trouble) or "No daily quota is used up.",
        "metadata": {FINDINGS: len(trouble)},
    }
