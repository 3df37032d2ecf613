"""The two queues of workers, and which of them a run goes into."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagster import DagsterInstance

QUEUE_TAG = "dagster-celery/queue"
SCHEDULE_TAG = "dagster/schedule_name"
RETRIES_TAG = "dagster/max_retries"
RETRIES = "3"
"""So often a run is repeated whose worker was lost. Polls aren't: the next one reads on."""


class Queue(StrEnum):
    """What a worker may take runs from."""

    POLLS = "polls"
    BACKFILLS = "backfills"


class SendsToWorkers(ABC):
    """What a launcher says of itself whose runs go to workers."""

    @abstractmethod
    def slots(self) -> Mapping[Queue, int]:
        """How many runs may be at work at once, by queue."""


def workers_of(instance: "DagsterInstance") -> SendsToWorkers | None:
    """The instance's launcher if its runs go to workers; a broker alone doesn't say so, as Dagster
    may have been told to launch them otherwise.
    """
    launcher: object = instance.run_launcher
    return launcher if isinstance(launcher, SendsToWorkers) else None


def queue_of(tags: Mapping[str, str]) -> Queue:
    """Polls and whatever else schedules ask for is short and must not wait for days to be read."""
    return Queue.POLLS if SCHEDULE_TAG in tags else Queue.BACKFILLS


def queue_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that a run gets on its way into the queue; what it has already stays."""
    queue = tags.get(QUEUE_TAG, queue_of(tags))
    added = {QUEUE_TAG: str(queue)}
    if queue == Queue.BACKFILLS:
        added[RETRIES_TAG] = RETRIES
    return {tag: value for tag, value in added.items() if tag not in tags}
