"""Jobs and schedules of what isn't a vendor's: the marts' refresh, the nightly maintenance, and the
sensors that tell of requests, of the accounts file, and of days that are better than they look.
"""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain, islice

import dagster as dg

from assets.accounts_file import Lacks, accounts_told, evaluations, lines
from assets.ledger import hour_told, quota_evaluation
from assets.marts import REFRESH
from assets.mend import Mender
from assets.partitions import day_range
from assets.quota import read_quotas
from assets.refresh import stale_days
from assets.resource import KIND_TAG, CallhouseResource
from assets.shown import untold
from pipelines.graph import Graph
from pipelines.schedules import IN_PROGRESS

MARTS_JOB = "marts_refresh"
MAINTENANCE_JOB = "maintenance"
QUIET = timedelta(seconds=15)
"""A day that loads are changing right now is worth waiting for,"""
PATIENCE = timedelta(minutes=5)
"""but not longer than this."""
MOST_MENDED = 200
"""Partitions of assets that are told at once: others wait for the next hour."""
SPACING_S = 240
"""Between two refreshes, as a run costs seconds of CPU: marts lag behind facts by this at most."""


def marts_job(marts: dg.AssetsDefinition) -> dg.JobDefinition:
    """Refreshes all marts."""
    return dg.define_asset_job(  # type: ignore[return-value]
        MARTS_JOB,
        selection=dg.AssetSelection.assets(marts),
        description="Brings the marts up to date with the facts of the days that changed.",
        executor_def=dg.in_process_executor,
    )


def marts_schedule(
    job: dg.JobDefinition, days: dg.TimeWindowPartitionsDefinition
) -> dg.ScheduleDefinition:
    """Looks every minute for days that the marts are behind on."""

    @dg.schedule(
        name=MARTS_JOB,
        job=job,
        cron_schedule="* * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Refreshes the marts when facts have changed.",
    )
    def tick(
        context: dg.ScheduleEvaluationContext, callhouse: CallhouseResource
    ) -> dg.RunRequest | dg.SkipReason:
        latest = context.instance.get_run_records(dg.RunsFilter(job_name=MARTS_JOB), limit=1)
        if latest and latest[0].dagster_run.status in IN_PROGRESS:
            return dg.SkipReason(under_way(context.instance, latest[0].dagster_run.status))
        with callhouse.warehouse() as warehouse:
            if not stale_days(warehouse):
                return dg.SkipReason("no facts have changed since the last refresh")
            stale = stale_days(warehouse, QUIET, PATIENCE)
            now = warehouse.now()
        if not stale:
            return dg.SkipReason("facts are changing right now; waiting for a pause in loading")
        # When a run was made is told by its database's clock, too.
        age = (now - latest[0].create_timestamp).total_seconds() if latest else SPACING_S
        if age < SPACING_S:
            return dg.SkipReason(
                f"refreshed {age:.0f} s ago; the next refresh is in {SPACING_S - age:.0f} s"
            )
        tags = refresh_tags(days, stale)
        return dg.RunRequest(tags=tags) if tags else dg.SkipReason("no business day has begun yet")

    return tick


def under_way(instance: dg.DagsterInstance, status: dg.DagsterRunStatus) -> str:
    """What the last refresh is at; in the queue, what it waits for."""
    if status != dg.DagsterRunStatus.QUEUED:
        return "the last refresh is still at work"
    busy = [s for s in IN_PROGRESS if s != dg.DagsterRunStatus.QUEUED]
    others = sorted({r.job_name for r in instance.get_runs(dg.RunsFilter(statuses=busy))})
    if not others:
        return "the last refresh is about to leave the run queue"
    names = ", ".join("a backfill" if name.startswith("__") else name for name in others)
    return f"the last refresh waits in the run queue, as these are at work: {names}"


def refresh_tags(days: dg.TimeWindowPartitionsDefinition, stale: Sequence[date]) -> dict[str, str]:
    """The tags of a run that refreshes the marts of stale days; none while no day has begun."""
    known = day_range(stale, days, datetime.now(UTC))
    if known is None:
        return {}
    return {
        KIND_TAG: REFRESH,
        "dagster/priority": "5",
        "dagster/asset_partition_range_start": known[0],
        "dagster/asset_partition_range_end": known[1],
    }


def maintenance_job(asset: dg.AssetsDefinition) -> dg.JobDefinition:
    """The night's work."""
    return dg.define_asset_job(  # type: ignore[return-value]
        MAINTENANCE_JOB,
        selection=dg.AssetSelection.assets(asset),
        description="Partitions ahead, retention, pruning, and a look at yesterday.",
        executor_def=dg.in_process_executor,
    )


def maintenance_schedule(job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """At half past one in the night, UTC."""
    return dg.ScheduleDefinition(
        name=MAINTENANCE_JOB,
        job=job,
        cron_schedule="30 1 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Keeps the warehouse in order.",
    )


@dg.sensor(
    name="requests",
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells what was asked of vendors each hour, and when a daily quota is used up.",
)
def requests(context: dg.SensorEvaluationContext, callhouse: CallhouseResource) -> dg.SensorResult:
    """Looks at the ledger; tells without a run."""
    told = json.loads(context.cursor or "{}")
    accounts = callhouse.all_accounts()
    events: list[dg.AssetMaterialization | dg.AssetCheckEvaluation] = []
    with callhouse.warehouse() as warehouse:
        now = warehouse.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        quotas = read_quotas(warehouse, accounts.values(), now)
        gone = [quota.trouble for quota in quotas if not quota.left]
        standing = quota_evaluation(quotas)
        if told.get("gone") != gone or untold(context.instance, [standing]):
            events.append(standing)
        if told.get("hour") != hour.isoformat() and (
            materialization := hour_told(warehouse, accounts, quotas, hour)
        ):
            events.append(materialization)
    cursor = json.dumps({"gone": gone, "hour": hour.isoformat()})
    reason = "told, without a run" if events else "nothing new to tell"
    return dg.SensorResult(cursor=cursor, asset_events=events, skip_reason=dg.SkipReason(reason))


def days_sensor(graph: Graph) -> dg.SensorDefinition:
    """Tells of days that are good and aren't shown so."""

    @dg.sensor(
        name="days",
        minimum_interval_seconds=3600,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Turns days green whose data is good, and that a failed run had left red.",
    )
    def look(context: dg.SensorEvaluationContext, callhouse: CallhouseResource) -> dg.SensorResult:
        accounts = callhouse.all_accounts().values()
        with callhouse.warehouse() as warehouse:
            mender = Mender(context.instance, warehouse, graph.days)
            of = {v.name: [a for a in accounts if a.vendor == v.name] for v in graph.vendors}
            found = chain(
                *(mender.streams(vendor, of[vendor.name]) for vendor in graph.vendors),
                mender.marts(),
            )
            events = list(islice(found, MOST_MENDED))
        reason = f"{len(events)} told" if events else "every good day is shown so"
        return dg.SensorResult(asset_events=events, skip_reason=dg.SkipReason(reason))

    return look


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
    def look(context: dg.SensorEvaluationContext, callhouse: CallhouseResource) -> dg.SensorResult:
        settings = callhouse.settings()
        wrong, missing = settings.sentences(), list(lacks(settings.accounts))
        told = json.dumps([lines(settings), wrong, missing])
        standing = evaluations(settings, missing)
        events: list[dg.AssetMaterialization | dg.AssetCheckEvaluation] = []
        if told != context.cursor:
            events += [accounts_told(settings), *standing]
        else:
            events += untold(context.instance, standing)
        reason = "; ".join(wrong) or "nothing is wrong with accounts.toml"
        return dg.SensorResult(cursor=told, asset_events=events, skip_reason=dg.SkipReason(reason))

    return look
