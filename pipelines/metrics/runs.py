"""Figures from Dagster's storage, whichever it is: runs, the queue, the daemon."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from statistics import median

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter
from dagster._core.storage.dagster_run import (
    FINISHED_STATUSES,
    NOT_FINISHED_STATUSES,
    RunRecord,
)

from pipelines.metrics.families import Metrics

RECENT = timedelta(hours=1)
MOST = 1_000
"""Runs that are looked at: more in an hour, or at once, and the newest stand for all."""


def add_runs(figures: Metrics, instance: DagsterInstance) -> None:
    """Adds what Dagster says of runs, and of its daemon."""
    now = datetime.now(UTC)  # whose clock Dagster's timestamps are by
    unfinished = instance.get_run_records(RunsFilter(statuses=NOT_FINISHED_STATUSES), limit=MOST)
    at_work = Counter(
        (run.dagster_run.job_name, run.dagster_run.status.value) for run in unfinished
    )
    for (job, status), count in sorted(at_work.items()):
        figures.add("runs", count, job, status)
    queued: defaultdict[str, float] = defaultdict(float)
    for record in unfinished:
        if record.dagster_run.status == DagsterRunStatus.QUEUED:
            job, waited = record.dagster_run.job_name, now - record.create_timestamp
            queued[job] = max(queued[job], waited.total_seconds())
    for job, seconds in sorted(queued.items()):
        figures.add("oldest_queued_run_seconds", seconds, job)
    ended = RunsFilter(statuses=FINISHED_STATUSES, updated_after=now - RECENT)
    _add_ended(figures, instance.get_run_records(ended, limit=MOST))
    for daemon, heartbeat in sorted(instance.get_daemon_heartbeats().items()):
        figures.add("daemon_heartbeat_timestamp_seconds", heartbeat.timestamp, daemon)


def _add_ended(figures: Metrics, records: Iterable[RunRecord]) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    took: defaultdict[str, list[float]] = defaultdict(list)
    waited: defaultdict[str, list[float]] = defaultdict(list)
    for record in records:
        job = record.dagster_run.job_name
        counts[job, record.dagster_run.status.value] += 1
        if record.start_time is not None:
            waited[job].append(record.start_time - record.create_timestamp.timestamp())
            if record.end_time is not None:
                took[job].append(record.end_time - record.start_time)
    for (job, status), count in sorted(counts.items()):
        figures.add("recent_runs", count, job, status)
    for name, seconds in (("recent_run_seconds", took), ("recent_run_wait_seconds", waited)):
        for job, values in sorted(seconds.items()):
            figures.add(name, median(values), job, "median")
            figures.add(name, max(values), job, "max")
