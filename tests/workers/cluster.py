"""Dagster's daemon inside the test's own process, which sends runs to workers that are processes:
of this host, or of hosts that the test makes. The definitions are those of the accounts file that
the environment names.
"""

import itertools
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import psutil
from dagster._core.execution.backfill import PartitionBackfill
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.auto_run_reexecution.auto_run_reexecution import (
    consume_new_runs_for_automatic_reexecution,
)
from dagster._daemon.backfill import execute_backfill_iteration
from dagster._daemon.monitoring.run_monitoring import execute_run_monitoring_iteration
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import (
    QueuedRunCoordinatorDaemon,
)

from pipelines.dagster_home import open_instance, prepare
from pipelines.workers.queues import SCHEDULE_TAG
from resources.configuration.home import BROKER, Home
from resources.postgres.database import URL
from tests.dagster_location import (
    LOCATION,
    REPOSITORY,
    DagsterLocation,
    forget_definitions,
    tags_of_poll,
)

CALLHOUSE = Path(sys.executable).with_name("callhouse")
START_S = 600
LOOK_EVERY_S = 0.3


class Worker:
    """`callhouse worker` with these words, behind `prefix` (`ip netns exec …`)."""

    def __init__(
        self,
        home: Path,
        words: Sequence[str],
        prefix: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        own = {"CALLHOUSE_HOME": str(home), "DAGSTER_HOME": "", "COLUMNS": "200"}
        self._environment = {**os.environ, **own, **(environment or {})}
        self.log = home.parent / f"{home.name}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*prefix, str(CALLHOUSE), "worker", *words],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        """All that it has printed."""
        return self.log.read_text(encoding="utf-8")

    def looked_at(self) -> float:
        """When it last looked after its processes."""
        return Home(Path(self._environment["CALLHOUSE_HOME"])).worker_looked.stat().st_mtime

    def is_well(self, part: str) -> bool:
        """What a probe of its container finds."""
        command = [sys.executable, "-m", "pipelines.health", part]
        done = subprocess.run(
            command, env=self._environment, stderr=subprocess.DEVNULL, check=False
        )
        return not done.returncode

    def family(self) -> list[psutil.Process]:
        """It and the processes that it has started."""
        try:
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def pool(self) -> list[psutil.Process]:
        """The processes that execute runs."""
        return [process for process in self.family() if not _has_children(process)]

    def vanish(self) -> None:
        """What a power cut does."""
        for process in self.family():
            process.kill()
        self.process.wait()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Asks it to end, and waits until it has."""
        family = self.family()
        self.process.send_signal(how)
        self.process.wait(timeout=60)
        _, left = psutil.wait_procs(family, timeout=5)
        assert not left, left


def _has_children(process: psutil.Process) -> bool:
    try:
        return bool(process.children())
    except psutil.NoSuchProcess:
        return True


class Cluster(DagsterLocation):
    """Its runs go to the workers."""

    def __init__(self, instance: dg.DagsterInstance, folder: Path) -> None:
        super().__init__(
            instance,
            LoadableTargetOrigin(
                module_name="pipelines.definitions", attribute="defs", working_directory="/nowhere"
            ),
        )
        self._folder = folder
        self._numbers = itertools.count(1)
        self._workers: list[Worker] = []
        self._queue = QueuedRunCoordinatorDaemon(interval_seconds=1)
        self._logger = logging.getLogger("cluster")

    def close(self) -> None:
        """Lets go of the location, and ends the workers."""
        for worker in self._workers:
            worker.vanish()
        super().close()

    def worker(
        self,
        *words: str,
        prefix: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Worker:
        """Another worker, with a home of its own."""
        home = self._folder / f"host-{next(self._numbers)}"
        made = Worker(home, words, prefix, environment)
        self._workers.append(made)
        return made

    def poll(self, vendor: str) -> str:
        """A run as the vendor's schedule asks for it, of all accounts; returns its id."""
        tags = tags_of_poll(vendor)
        job = f"{vendor}_poll"
        told = self.ask(
            "mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {"
            " __typename ... on LaunchRunSuccess { run { runId } }"
            " ... on PythonError { message } } }",
            params={
                "selector": {
                    "repositoryLocationName": LOCATION,
                    "repositoryName": REPOSITORY,
                    "jobName": job,
                },
                "mode": "default",
                "runConfigData": {},
                "executionMetadata": {
                    "tags": [
                        {"key": key, "value": value}
                        for key, value in {**tags, SCHEDULE_TAG: job}.items()
                    ]
                },
            },
        )["launchRun"]
        assert told["__typename"] == "LaunchRunSuccess", told
        return str(told["run"]["runId"])

    def cancel(self, run_id: str) -> None:
        """*Terminate*."""
        told = self.ask(
            "mutation($run: String!) { terminateRun(runId: $run) { __typename"
            " ... on PythonError { message } } }",
            run=run_id,
        )["terminateRun"]
        assert told["__typename"] == "TerminateRunSuccess", told

    def turn(self) -> None:
        """What Dagster's daemon does from time to time."""
        list(self._queue.run_iteration(self._process))
        errors = [
            *execute_backfill_iteration(self._process, self._logger),
            *execute_run_monitoring_iteration(self._process, self._logger),
        ]
        assert not any(errors), errors
        failed = self.instance.get_run_records(
            dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])
        )
        list(consume_new_runs_for_automatic_reexecution(self._process, failed, self._logger))

    def until(self, fact: Callable[[], bool], patience_s: float = START_S) -> None:
        """The daemon goes on until it is so."""
        deadline = time.monotonic() + patience_s
        while not fact():
            if time.monotonic() > deadline:
                raise AssertionError(f"it took too long\n{self.state()}")
            self.turn()
            time.sleep(LOOK_EVERY_S)

    def state(self) -> str:
        """For whoever wants to know why something isn't so."""
        runs = [
            f"{run.job_name} {run.status.value} {dict(run.tags)}"
            for run in self.instance.get_runs()
        ]
        said = [f"{worker.log.name}: {worker.said()}" for worker in self._workers]
        return "\n".join([*runs, *said])

    def run(self, run_id: str) -> dg.DagsterRun:
        """The run as it stands."""
        found = self.instance.get_run_by_id(run_id)
        assert found
        return found

    def has_ended(self, *run_ids: str) -> bool:
        """Whether all of them have."""
        return all(self.run(run_id).is_finished for run_id in run_ids)

    def runs_of(self, backfill: str) -> list[dg.DagsterRun]:
        """The backfill's runs, newest first."""
        return list(self.instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": backfill})))

    def backfill_status(self, backfill: str) -> str:
        """COMPLETED_SUCCESS and so on."""
        found: PartitionBackfill | None = self.instance.get_backfill(backfill)
        assert found
        return found.status.value

    def process_of(self, run_id: str) -> int:
        """The number of the process that the run says it is in."""
        for entry in self.instance.all_logs(run_id):
            if found := re.match(r"Started process for run \(pid: (\d+)\)", entry.message):
                return int(found[1])
        raise AssertionError("no process has said so")


@contextmanager
def open_cluster(folder: Path, database_url: str, broker: str) -> Iterator[Cluster]:
    """A cluster without workers, on the database and the broker; the environment is its own."""
    before = os.environ.copy()
    os.environ[BROKER] = broker
    os.environ[URL] = database_url
    try:
        home = Home(folder / "daemon")
        home.make()
        prepare(home, database_url)
        forget_definitions()
        with open_instance() as instance:
            cluster = Cluster(instance, folder)
            try:
                yield cluster
            finally:
                cluster.close()
    finally:
        os.environ.clear()
        os.environ.update(before)
