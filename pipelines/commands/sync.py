"""`callhouse sync`: one pass through the same Dagster assets as the schedules, in this process.

Its runs stand in Dagster's UI like any other. They come one after the other, as Dagster can't
have two in one process.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.utils import make_new_run_id

from assets.keys import facts_key, raw_key
from assets.loading.result import Result
from assets.refresh import stale_days
from pipelines.commands.accounts import known_accounts
from pipelines.commands.sync_plan import Plan, Run, Skipped, Wish
from pipelines.definitions import build_defs
from pipelines.local import dagster_home
from pipelines.local.recovery import fail_interrupted_runs, process_tags
from pipelines.upkeep import MARTS_JOB, refresh_tags
from resources.home import Home
from resources.migration import migrate
from resources.warehouse import Warehouse

NO_CODE_SERVER = 0
SILENT = "CRITICAL"
INTERRUPTED = "interrupted; what had been read is kept, and the next pass goes on"


class Follower(Protocol):
    """Whoever wants to know how a pass goes on."""

    def begin(self, runs: list[Run]) -> None:
        """These runs are to come."""

    def enter(self, run: Run) -> None:
        """The run starts."""

    def watch(self, result: Result) -> None:
        """Something has been added to a result; called from any thread."""


@dataclass(frozen=True)
class Done:
    """A run that has ended. `error`: why it failed."""

    job: str
    run_id: str
    error: str | None


@dataclass(frozen=True)
class Pass:
    """What became of it all."""

    skipped: list[Skipped]
    runs: list[Done]
    results: list[Result]


def run_pass(wish: Wish, url: str, follower: Follower, log_level: str = SILENT) -> Pass:
    """Loads what is wished for. No account or vendor that fails keeps another from its turn.

    Raises ConfigurationError, and ClockError, before anything has been asked of a vendor.
    """
    home = Home.from_environment()
    accounts = known_accounts(home)
    dagster_home.prepare(home, url)
    migrate(url)
    with closing(Warehouse(url)) as warehouse:
        warehouse.clock.require_agreement()
        plan = Plan(accounts, wish, warehouse.now())
        runs = list(plan.runs(warehouse))
    results: dict[int, Result] = {}

    def watch(result: Result) -> None:
        results[id(result)] = result
        follower.watch(result)

    defs = build_defs(plan.accounts, watch)
    done: list[Done] = []
    follower.begin(runs)
    with dagster_home.open_instance() as instance:
        fail_interrupted_runs(instance, NO_CODE_SERVER)
        for run in runs:
            follower.enter(run)
            done.append(_load(defs, instance, run, wish.streams, log_level))
            if done[-1].error == INTERRUPTED:
                return Pass(plan.skipped, done, list(results.values()))
        with closing(Warehouse(url)) as warehouse:
            stale = stale_days(warehouse)
        if stale:
            done += _refresh_marts(defs, instance, stale, log_level)
    return Pass(plan.skipped, done, list(results.values()))


def _load(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    run: Run,
    streams: Sequence[str],
    log_level: str,
) -> Done:
    keys = [
        key(run.vendor, stream)
        for stream in run.vendor.streams
        for key in (raw_key, facts_key)
        if stream.name in streams
    ]
    job = defs.resolve_job_def(f"{run.vendor.name}_poll")
    return _execute(job, instance, run.tags, keys or None, log_level)


def _refresh_marts(
    defs: dg.Definitions, instance: dg.DagsterInstance, stale: Sequence[date], log_level: str
) -> list[Done]:
    job = defs.resolve_job_def(MARTS_JOB)
    assert isinstance(job.partitions_def, dg.TimeWindowPartitionsDefinition)
    tags = refresh_tags(job.partitions_def, stale)
    return [_execute(job, instance, tags, None, log_level)] if tags else []


def _execute(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    tags: Mapping[str, str],
    keys: Sequence[dg.AssetKey] | None,
    log_level: str,
) -> Done:
    run_id = make_new_run_id()
    try:
        result = job.execute_in_process(
            instance=instance,
            run_id=run_id,
            tags={**tags, **process_tags()},
            asset_selection=keys,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": log_level}}}},
        )
    except Exception as error:  # noqa: BLE001 - the other runs still have their turn
        return Done(job.name, run_id, f"{type(error).__name__}: {_first_line(str(error))}")
    return Done(job.name, run_id, None if result.success else _why(result))


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
