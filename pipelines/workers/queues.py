"""The two queues of workers, and which of them a run goes into."""

from collections.abc import Mapping
from enum import StrEnum

QUEUE_TAG = "dagster-celery/queue"
SCHEDULE_TAG = "dagster/schedule_name"
RETRIES_TAG = "dagster/max_retries"
RETRIES = "3"
"""So often a run is repeated whose worker was lost. Polls aren't: the next one reads on."""


class Queue(StrEnum):
    """What a worker may take runs from."""

    POLLS = "polls"
    BACKFILLS = "backfills"


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
