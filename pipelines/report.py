"""The report's job and schedule."""

import dagster as dg

from pipelines.refreshes import MARTS_JOB
from pipelines.schedules import IN_PROGRESS

REPORT_JOB = "report"


def report_job(asset: dg.AssetsDefinition) -> dg.JobDefinition:
    """Makes the report."""
    return dg.define_asset_job(  # type: ignore[return-value]
        REPORT_JOB,
        selection=dg.AssetSelection.assets(asset),
        description="Makes the report anew from the marts.",
        executor_def=dg.in_process_executor,
    )


def report_schedule(job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Looks every quarter of an hour whether the marts are newer than the last report."""

    @dg.schedule(
        name=REPORT_JOB,
        job=job,
        cron_schedule="*/15 * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Makes the report anew when the marts have been refreshed.",
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        last = context.instance.get_run_records(dg.RunsFilter(job_name=REPORT_JOB), limit=1)
        if last and last[0].dagster_run.status in IN_PROGRESS:
            return dg.SkipReason("the last report is still being made")
        refreshed = context.instance.get_run_records(dg.RunsFilter(job_name=MARTS_JOB), limit=1)
        if not refreshed:
            return dg.SkipReason("no mart has been refreshed yet")
        if last and last[0].create_timestamp > refreshed[0].update_timestamp:
            return dg.SkipReason("no mart has been refreshed since the last report")
        return dg.RunRequest()

    return tick
