"""Jobs and schedules of what isn't a vendor's: the marts' refresh, and the nightly maintenance."""

import time
from collections.abc import Sequence
from datetime import date, timedelta

import dagster as dg

from assets.context import KIND_TAG, Callhouse
from assets.marts import REFRESH
from assets.refresh import stale_days
from pipelines.schedules import IN_PROGRESS

MARTS_JOB = "marts_refresh"
MAINTENANCE_JOB = "maintenance"
QUIET = timedelta(seconds=15)
"""A day that loads are changing right now is worth waiting for,"""
PATIENCE = timedelta(minutes=5)
"""but not longer than this."""
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
        context: dg.ScheduleEvaluationContext, callhouse: Callhouse
    ) -> dg.RunRequest | dg.SkipReason:
        latest = context.instance.get_run_records(dg.RunsFilter(job_name=MARTS_JOB), limit=1)
        if latest and latest[0].dagster_run.status in IN_PROGRESS:
            return dg.SkipReason("the last refresh is still at work")
        with callhouse.warehouse() as warehouse:
            if not stale_days(warehouse):
                return dg.SkipReason("no facts have changed since the last refresh")
            stale = stale_days(warehouse, QUIET, PATIENCE)
        if not stale:
            return dg.SkipReason("facts are changing right now; waiting for a pause in loading")
        age = time.time() - latest[0].create_timestamp.timestamp() if latest else SPACING_S
        if age < SPACING_S:
            return dg.SkipReason(
                f"refreshed {age:.0f} s ago; the next refresh is in {SPACING_S - age:.0f} s"
            )
        return dg.RunRequest(tags=refresh_tags(days, stale))

    return tick


def refresh_tags(days: dg.PartitionsDefinition[str], stale: Sequence[date]) -> dict[str, str]:
    """The tags of a run that refreshes the marts of stale days."""
    known = days.get_partition_keys()
    labels = sorted({min(max(day.isoformat(), known[0]), known[-1]) for day in stale})
    return {
        KIND_TAG: REFRESH,
        "dagster/priority": "5",
        "dagster/asset_partition_range_start": labels[0],
        "dagster/asset_partition_range_end": labels[-1],
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
