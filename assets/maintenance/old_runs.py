"""Old runs out of Dagster's own storage, which keeps every event of every poll for ever."""

import time
from datetime import datetime, timedelta

import dagster as dg

RETENTION = timedelta(days=30)
BUDGET_S = 300.0
"""How long a night may take; the next goes on."""
PAGE = 100
FINISHED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]


def prune_runs(
    instance: dg.DagsterInstance, now: datetime, job_names: set[str], budget_s: float = BUDGET_S
) -> int:
    """Deletes runs of the jobs that ended longer ago than RETENTION, with their events.

    A run stays that is the last word on a partition: with it Dagster would forget that the day was
    ever loaded. The younger ones come first, as old ones have mostly been looked at before.
    """
    deadline = time.monotonic() + budget_s
    deleted = 0
    for job in sorted(job_names):
        cursor: str | None = None
        before = dg.RunsFilter(job_name=job, statuses=FINISHED, created_before=now - RETENTION)
        while time.monotonic() < deadline:
            records = instance.get_run_records(before, limit=PAGE, cursor=cursor)
            if not records:
                break
            for record in records:
                run_id = record.dagster_run.run_id
                if _is_superseded(instance, run_id):
                    instance.delete_run(run_id)
                    deleted += 1
                else:
                    cursor = run_id
            if len(records) < PAGE:
                break
    return deleted


def _is_superseded(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether every partition that the run materialised has been since."""
    done = instance.get_records_for_run(
        run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
    ).records
    for record in done:
        materialization = record.asset_materialization
        if materialization is None:
            continue
        partition = materialization.partition
        newer = instance.fetch_materializations(
            dg.AssetRecordsFilter(
                asset_key=materialization.asset_key,
                asset_partitions=[partition] if partition else None,
                after_storage_id=record.storage_id,
            ),
            limit=1,
        )
        if not newer.records:
            return False
    return True
