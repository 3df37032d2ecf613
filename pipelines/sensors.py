"""Sensors that report to Dagster without a run: requests, the accounts file, days it lacks."""

import json
from datetime import UTC, datetime, timedelta
from itertools import chain, islice

import dagster as dg

from assets.accounts_file import Lacks, accounts_materialisation, evaluations, lines
from assets.check_results import unshown
from assets.checks import StreamChecks
from assets.ledger import hour_materialisation, quota_evaluation
from assets.quota import read_quotas
from assets.resource import CallhouseResource
from assets.unreported import Unreported
from pipelines.graph import Graph

ENDED_EARLY = [dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.FAILURE]
OVERLAP = timedelta(minutes=5)
"""Clocks differ: rather look at a run twice."""
MOST_DAYS = 200
"""Partitions of assets that are reported at once: others wait for the next hour."""


@dg.sensor(
    name="requests",
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells what was asked of vendors each hour, and when a daily quota is used up.",
)
def requests(context: dg.SensorEvaluationContext, callhouse: CallhouseResource) -> dg.SensorResult:
    """Reports the ledger, without a run."""
    last = json.loads(context.cursor or "{}")
    accounts = callhouse.all_accounts()
    events: list[dg.AssetMaterialization | dg.AssetCheckEvaluation] = []
    warehouse = callhouse.standing_warehouse()
    now = warehouse.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    quotas = read_quotas(warehouse, accounts.values(), now)
    gone = [quota.trouble for quota in quotas if not quota.left]
    standing = quota_evaluation(quotas)
    if last.get("gone") != gone or unshown(context.instance, [standing]):
        events.append(standing)
    if last.get("hour") != hour.isoformat() and (
        materialization := hour_materialisation(warehouse, accounts, quotas, hour)
    ):
        events.append(materialization)
    cursor = json.dumps({"gone": gone, "hour": hour.isoformat()})
    reason = "reported, without a run" if events else "nothing new to report"
    return dg.SensorResult(cursor=cursor, asset_events=events, skip_reason=dg.SkipReason(reason))


def days_sensor(graph: Graph) -> dg.SensorDefinition:
    """Reports days that are good, and that Dagster doesn't show so."""

    @dg.sensor(
        name="days",
        minimum_interval_seconds=3600,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Turns days green whose data is good, and that a failed run had left red.",
    )
    def tick(context: dg.SensorEvaluationContext, callhouse: CallhouseResource) -> dg.SensorResult:
        accounts = callhouse.all_accounts().values()
        warehouse = callhouse.standing_warehouse()
        unreported = Unreported(context.instance, warehouse, graph.days)
        of = {v.name: [a for a in accounts if a.vendor == v.name] for v in graph.vendors}
        found = chain(
            *(unreported.streams(vendor, of[vendor.name]) for vendor in graph.vendors),
            unreported.marts(),
        )
        events = list(islice(found, MOST_DAYS))
        reason = f"{len(events)} reported" if events else "every good day is shown so"
        return dg.SensorResult(asset_events=events, skip_reason=dg.SkipReason(reason))

    return tick


def checks_sensor(graph: Graph) -> dg.SensorDefinition:
    """Reports how checks stand that a cancelled or failed run hasn't reported."""

    @dg.sensor(
        name="checks",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells how checks stand, after a run that ended before it could say so.",
    )
    def tick(context: dg.SensorEvaluationContext, callhouse: CallhouseResource) -> dg.SensorResult:
        since = datetime.fromisoformat(context.cursor) if context.cursor else None
        began = datetime.now(UTC) - OVERLAP
        ended = dg.RunsFilter(statuses=ENDED_EARLY, updated_after=since)
        events: list[dg.AssetCheckEvaluation] = []
        if context.instance.get_run_records(ended, limit=1):
            accounts = callhouse.all_accounts().values()
            warehouse = callhouse.standing_warehouse()
            for vendor in graph.vendors:
                mine = [account for account in accounts if account.vendor == vendor.name]
                for stream in vendor.streams:
                    standing = StreamChecks(warehouse, vendor, stream, mine).evaluations()
                    events += unshown(context.instance, standing)
        reason = f"{len(events)} reported" if events else "every check is shown as it stands"
        return dg.SensorResult(
            cursor=began.isoformat(), asset_events=events, skip_reason=dg.SkipReason(reason)
        )

    return tick


def accounts_sensor(lacks: Lacks) -> dg.SensorDefinition:
    """Tells what is wrong with the accounts file, as soon as it is. `lacks`: what the graph hasn't
    got of the accounts.
    """

    @dg.sensor(
        name="accounts",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells who is loaded, and what is wrong with accounts.toml.",
    )
    def tick(context: dg.SensorEvaluationContext, callhouse: CallhouseResource) -> dg.SensorResult:
        settings = callhouse.settings()
        wrong, missing = settings.sentences(), list(lacks(settings.accounts))
        content = json.dumps([lines(settings), wrong, missing])
        standing = evaluations(settings, missing)
        events: list[dg.AssetMaterialization | dg.AssetCheckEvaluation] = []
        if not wrong:  # each time: a load that read the file before may have noted them since
            here = list(settings.accounts)
            callhouse.standing_warehouse().run("load/note_left", accounts=here)
        if content != context.cursor:
            events += [accounts_materialisation(settings), *standing]
        else:
            events += unshown(context.instance, standing)
        reason = "; ".join(wrong) or "nothing is wrong with accounts.toml"
        return dg.SensorResult(
            cursor=content, asset_events=events, skip_reason=dg.SkipReason(reason)
        )

    return tick
