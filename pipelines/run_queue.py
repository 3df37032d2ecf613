"""The queue of runs: how many leave it at once, a backfill's newest days first, none before a poll;
and with workers no more than they have room for, as whatever left it goes in no order any more.

Dagster cuts a backfill into runs from the oldest day on, and queues them in that order. Only
the class that takes a run into the queue can say otherwise (`dagster.yaml` names this class).
"""

from datetime import UTC, date, datetime
from typing import Any

from dagster import DagsterRun
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext
from dagster._core.run_coordinator.queued_run_coordinator import RunQueueConfig
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    PARTITION_NAME_TAG,
    PRIORITY_TAG,
)

from pipelines.workers.queues import QUEUE_TAG, queue_tags, workers_of
from resources.vendors import discover


class NewestDayFirst(QueuedRunCoordinator):
    """Dagster's own queue; a run about days gets a priority by its last day, if it has none. How
    many run at once goes by the vendors that there are, unless `max_concurrent_runs` says it.
    """

    def __init__(self, max_concurrent_runs: int | None = None, **others: Any) -> None:
        limit = max_concurrent_runs or runs_at_once(len(discover()))
        super().__init__(max_concurrent_runs=limit, **others)

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Takes the run into the queue."""
        run = context.dagster_run
        tags: dict[str, str] = {}
        if (last := last_day(run)) and PRIORITY_TAG not in run.tags:
            today = datetime.now(UTC).date()  # this host's: only the order matters
            tags[PRIORITY_TAG] = str(priority(last, today))
        if workers_of(self._instance):
            tags |= queue_tags(run.tags)
        if tags:
            self._instance.add_run_tags(run.run_id, tags)
        return super().submit_run(context)

    def get_run_queue_config(self) -> RunQueueConfig:
        """What Dagster's daemon goes by each time that it looks into the queue."""
        config = super().get_run_queue_config()
        workers = workers_of(self._instance)
        if workers is None:
            return config
        room = [
            {"key": QUEUE_TAG, "value": queue.value, "limit": slots}
            for queue, slots in workers.slots().items()
        ]
        return config._replace(tag_concurrency_limits=[*config.tag_concurrency_limits, *room])


def runs_at_once(vendors: int) -> int:
    """Room for a poll of every vendor and for a refresh of the marts, whatever backfills run:
    `dagster.yaml` lets one of each vendor run by command, and four from the UI. One to spare.
    """
    return vendors + 1 + vendors + 4 + 1


def priority(last: date, today: date) -> int:
    """Below the polls' and Dagster's own 0, and the lower the older the day is."""
    return min((last - today).days, 0) - 1


def last_day(run: DagsterRun) -> date | None:
    """The newest business day that the run is about; None when it isn't about days."""
    label = run.tags.get(ASSET_PARTITION_RANGE_END_TAG) or run.tags.get(PARTITION_NAME_TAG)
    try:
        return date.fromisoformat(label) if label else None
    except ValueError:
        return None
