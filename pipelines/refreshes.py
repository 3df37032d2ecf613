"""When the marts are brought up to date with the facts."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from assets.marts import REFRESH
from assets.partitions import day_range
from assets.refresh import stale_days
from assets.resource import KIND_TAG, CallhouseResource
from pipelines.schedules import IN_PROGRESS

MARTS_JOB = "marts_refresh"
QUIET = timedelta(seconds=15)
"""A day that a load has changed more recently waits: more changes may come."""
PATIENCE = timedelta(minutes=5)
"""No day waits for longer."""
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
        warehouse = callhouse.standing_warehouse()
        if not stale_days(warehouse):
            return dg.SkipReason("no facts have changed since the last refresh")
        stale = stale_days(warehouse, QUIET, PATIENCE)
        now = warehouse.now()
        if not stale:
            return dg.SkipReason("facts are changing right now; waiting for a pause in loading")
        # The database's clock says when a run was made, too.
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
