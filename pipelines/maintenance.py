"""When the nightly maintenance runs."""

import dagster as dg

MAINTENANCE_JOB = "maintenance"


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
