"""Runs that a killed process left behind are failed; those of living processes are not."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._core.utils import make_new_run_id

from pipelines.dagster_home import prepare
from pipelines.recovery import PROCESS_TAG, fail_interrupted_runs, process_tags
from resources.configuration.home import Home

DEAD, ALIVE = Path("/tmp/dead/code"), Path("/tmp/alive/code")


@pytest.fixture
def instance(
    tmp_path: Path, database_url_with_dagster: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DagsterInstance]:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    prepare(Home(tmp_path / "home"), database_url_with_dagster)
    with DagsterInstance.get() as instance:
        yield instance


def _run(instance: DagsterInstance, status: DagsterRunStatus, tags: dict[str, str]) -> str:
    run = DagsterRun("a_job", make_new_run_id(), status=status, tags=tags)
    return instance.add_run(run).run_id


def _served_by(socket: Path) -> dict[str, str]:
    return {GRPC_INFO_TAG: json.dumps({"host": "localhost", "socket": str(socket)})}


def _status(instance: DagsterInstance, run_id: str) -> DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


@pytest.mark.parametrize(
    "status",
    [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING],
)
def test_runs_of_the_dead_code_server_fail(
    instance: DagsterInstance, status: DagsterRunStatus
) -> None:
    run_id = _run(instance, status, _served_by(DEAD))
    assert fail_interrupted_runs(instance, DEAD) == [run_id]
    assert _status(instance, run_id) is DagsterRunStatus.FAILURE


def test_a_failed_runs_slots_are_free_again(instance: DagsterInstance) -> None:
    storage = instance.event_log_storage
    storage.set_concurrency_slots("wolkvox", 1)
    run_id = _run(instance, DagsterRunStatus.STARTED, _served_by(DEAD))
    assert storage.claim_concurrency_slot("wolkvox", run_id, "a_step").is_claimed
    fail_interrupted_runs(instance, DEAD)
    assert storage.claim_concurrency_slot("wolkvox", "another", "a_step").is_claimed


def test_runs_inside_a_process_end_with_it(instance: DagsterInstance) -> None:
    dead = subprocess.run(
        [
            sys.executable,
            "-c",
            "from pipelines.recovery import *; print(process_tags()[PROCESS_TAG])",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    lost = _run(instance, DagsterRunStatus.STARTED, {PROCESS_TAG: dead})
    reused = process_tags()[PROCESS_TAG].rpartition(" ")[0] + " 1"
    lost_too = _run(instance, DagsterRunStatus.STARTED, {PROCESS_TAG: reused})
    assert set(fail_interrupted_runs(instance, DEAD)) == {lost, lost_too}


def test_nobody_elses_run_is_touched(instance: DagsterInstance) -> None:
    for tags in (
        _served_by(ALIVE),
        process_tags(),
        {PROCESS_TAG: "another-machine 1 1"},
        {},
    ):
        _run(instance, DagsterRunStatus.STARTED, tags)
    _run(instance, DagsterRunStatus.SUCCESS, _served_by(DEAD))
    _run(instance, DagsterRunStatus.NOT_STARTED, {})
    assert fail_interrupted_runs(instance, DEAD) == []
    assert fail_interrupted_runs(instance, None) == []
