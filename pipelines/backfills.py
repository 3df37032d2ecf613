"""How a backfill ended: as its runs did.

Dagster calls a backfill failed as soon as one of its days has no materialisation, although nothing
failed: a day before an account's start, a stream that the chosen accounts don't load, a day that a
limit has put off (which polls read then). Such days are nobody's to read: here they are taken out
of what the backfill is about.
"""

from dagster import DagsterRunStatus, RunsFilter
from dagster._core.definitions.assets.graph.asset_graph_subset import AssetGraphSubset
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.storage.runs import RunStorage
from dagster._core.storage.tags import BACKFILL_ID_TAG
from dagster_postgres import PostgresRunStorage

NOT_GOOD = [DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


class RunsAndBackfills(PostgresRunStorage):
    """Dagster's own storage of runs; a backfill of which no run failed is kept as a success."""

    def update_backfill(self, partition_backfill: PartitionBackfill) -> None:
        """Keeps what became of the backfill."""
        super().update_backfill(as_its_runs_ended(self, partition_backfill))


def as_its_runs_ended(runs: RunStorage, backfill: PartitionBackfill) -> PartitionBackfill:
    """The backfill, as a success without the days that weren't read, if none of its runs failed."""
    data = backfill.asset_backfill_data
    if backfill.status != BulkActionStatus.COMPLETED_FAILED or data is None:
        return backfill
    tags = {BACKFILL_ID_TAG: backfill.backfill_id}
    if runs.get_run_ids(RunsFilter(tags=tags, statuses=NOT_GOOD), limit=1):
        return backfill
    unread = data.failed_and_downstream_subset
    read = data._replace(
        target_subset=data.target_subset - unread,
        requested_subset=data.requested_subset - unread,
        failed_and_downstream_subset=AssetGraphSubset.create_empty_subset(),
    )
    return backfill._replace(status=BulkActionStatus.COMPLETED_SUCCESS, asset_backfill_data=read)
