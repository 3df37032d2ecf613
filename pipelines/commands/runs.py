"""Dagster's runs of a pass, in this process: they stand in the UI like any other.

They come one after the other, as Dagster can't have two in one process.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.utils import make_new_run_id

from assets.keys import facts_key, raw_key
from assets.loading.context import Watch
from assets.resource import KIND_TAG
from pipelines import dagster_home
from pipelines.commands.sync_plan import Run
from pipelines.commands.sync_report import INTERRUPTED, Done
from pipelines.definitions import build_defs
from pipelines.recovery import fail_interrupted_runs, process_tags
from pipelines.refreshes import MARTS_JOB, refresh_tags
from resources.account import Account


class Runs:
    """Executes runs, on the definitions for the given accounts."""

    def __init__(
        self,
        accounts: Mapping[str, Account],
        instance: dg.DagsterInstance,
        watch: Watch | None,
        log_level: str,
        since: date | None,
    ) -> None:
        self._defs = build_defs(accounts, watch, since)
        self._instance = instance
        self._log_level = log_level

    def load(self, run: Run, streams: Sequence[str]) -> Done:
        """Reads, or rebuilds, what the run is about; of these streams alone, if there are any."""
        kinds = (facts_key,) if run.rebuilds else (raw_key, facts_key)
        keys = [
            key(run.vendor, stream)
            for stream in run.vendor.streams
            for key in kinds
            if not streams or stream.name in streams
        ]
        job = self._defs.resolve_job_def(f"{run.vendor.name}_poll")
        known = job.asset_layer.executable_asset_keys
        return self._execute(job, run.run_id, run.tags, [key for key in keys if key in known])

    def refresh_marts(self, days: Sequence[date], always: bool = False) -> list[Done]:
        """Brings the marts up to date with the facts of the days; `always`: whether they are behind
        or not.
        """
        job = self._defs.resolve_job_def(MARTS_JOB)
        assert isinstance(job.partitions_def, dg.TimeWindowPartitionsDefinition)
        tags = refresh_tags(job.partitions_def, days)
        if always:
            tags.pop(KIND_TAG, None)
        return [self._execute(job, make_new_run_id(), tags, None)] if tags else []

    def _execute(
        self,
        job: dg.JobDefinition,
        run_id: str,
        tags: Mapping[str, str],
        keys: Sequence[dg.AssetKey] | None,
    ) -> Done:
        try:
            result = job.execute_in_process(
                instance=self._instance,
                run_id=run_id,
                tags={**tags, **process_tags()},
                asset_selection=keys,
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": self._log_level}}}},
            )
        except Exception as error:  # noqa: BLE001 - the other runs still have their turn
            return Done(job.name, run_id, f"{type(error).__name__}: {_first_line(str(error))}")
        return Done(job.name, run_id, None if result.success else _why(result))


@contextmanager
def runs(
    accounts: Mapping[str, Account],
    watch: Watch | None,
    log_level: str,
    since: date | None = None,
) -> Iterator[Runs]:
    """What executes runs, for the length of a block; of days from the accounts' first, or `since`.
    Runs of processes that were killed are ended first.
    """
    with dagster_home.open_instance() as instance:
        fail_interrupted_runs(instance, code_server=None)
        yield Runs(accounts, instance, watch, log_level, since)


def _why(result: dg.ExecuteInProcessResult) -> str:
    """Why the run failed, in the words of what failed."""
    for event in result.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data
            if failure.user_failure_data and failure.user_failure_data.description:
                return failure.user_failure_data.description
            if failure.error:
                cause = (failure.error.cause or failure.error).message
                interrupted = DagsterExecutionInterruptedError.__name__ in cause
                return INTERRUPTED if interrupted else _first_line(cause)
        if event.is_job_failure and event.job_failure_data.error:
            return _first_line(event.job_failure_data.error.message)
    return "the run failed: see it in Dagster's UI"


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
