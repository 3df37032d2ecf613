"""Runs whose process was killed: Dagster would show them as running for hours.

A run of `up` carries the address of the code server that started it. A run inside a process of
its own (`callhouse sync`) has to carry `process_tags()`; other people's runs are left alone.
"""

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.storage.tags import GRPC_INFO_TAG

from pipelines.dagster_home import open_instance

PROCESS_TAG = "callhouse/process"
DRIFT_S = 60
"""A process's start is computed from the time of boot, which moves when the host's clock is set."""
UNFINISHED = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]


def process_tags() -> dict[str, str]:
    """The tags of a run that lives and dies with this process."""
    process = psutil.Process()
    return {PROCESS_TAG: f"{socket.gethostname()} {process.pid} {process.create_time():.0f}"}


def fail_interrupted_runs(instance: DagsterInstance, code_server: Path | None) -> list[str]:
    """Marks the runs whose process is gone as failed, frees their slots and returns their ids.

    `code_server` is the socket of the code server that runs no more, if there was one.
    """
    interrupted = list(_interrupted(instance, code_server))
    for run in interrupted:
        instance.report_run_failed(run, "Callhouse was stopped while this run was at work.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in interrupted]


def _interrupted(instance: DagsterInstance, code_server: Path | None) -> Iterator[DagsterRun]:
    for run in instance.get_runs(RunsFilter(statuses=UNFINISHED)):
        server = json.loads(run.tags.get(GRPC_INFO_TAG, "{}"))
        was_served = code_server is not None and server.get("socket") == str(code_server)
        if was_served or is_over(run):
            yield run


def is_over(run: DagsterRun) -> bool:
    """Whether the run lived in a process of this machine that has ended.

    The process's number may be another's by now.
    """
    host, pid, created = run.tags.get(PROCESS_TAG, "  0").split(" ")
    if host != socket.gethostname():
        return False
    try:
        return abs(psutil.Process(int(pid)).create_time() - int(created)) > DRIFT_S
    except psutil.NoSuchProcess:
        return True


def main() -> None:
    """`python -m pipelines.recovery SOCKET`: that of the code server that runs no more."""
    with open_instance() as instance:
        fail_interrupted_runs(instance, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
