"""What Callhouse changes of Dagster's processes is still there to be changed."""

import inspect
import subprocess
import sys
from multiprocessing.context import SpawnContext

import pytest
from dagster._grpc import client, server, server_watcher

from pipelines import heartbeats
from pipelines.warm_runs import IMPORTED, WARM

LOOKS = """
import multiprocessing, os
os.environ[{warm!r}] = {value!r}
from pipelines.warm_runs import make_runs_warm
make_runs_warm()
from tests.unit import warm_run
answers = multiprocessing.get_context("spawn").Queue()
run = multiprocessing.get_context("spawn").Process(target=warm_run.look, args=[answers])
run.start()
print(answers.get(timeout=60), run.pid != os.getpid())
run.join(60)
print(run.exitcode)
"""


def test_processes_look_at_each_other_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "CLIENT_HEARTBEAT_INTERVAL", 1)
    monkeypatch.setattr(server_watcher, "WATCH_INTERVAL", 1)
    heartbeats.look_less_often()
    assert client.CLIENT_HEARTBEAT_INTERVAL == 1, "whoever they start by themselves waits not long"
    heartbeats.beat_less_often()
    assert client.CLIENT_HEARTBEAT_INTERVAL == heartbeats.HEARTBEAT_S
    assert server_watcher.WATCH_INTERVAL == heartbeats.LOOK_S
    assert "CLIENT_HEARTBEAT_INTERVAL" in inspect.getsource(client.client_heartbeat_thread)
    assert "WATCH_INTERVAL" in inspect.getsource(server_watcher.watch_grpc_server_thread)


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a fork isn't safe")
@pytest.mark.parametrize(("value", "is_warm"), [("yes", True), ("no", False)])
def test_a_run_begins_in_a_process_that_has_everything(value: str, is_warm: bool) -> None:
    """What Dagster starts by `spawn` has the modules already; it is a process of its own, which
    takes a queue along and tells how it ended.
    """
    program = LOOKS.format(warm=WARM, value=value)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    looked, code = done.stdout.splitlines()
    assert looked == f"{is_warm} True"
    assert code == "7"
    assert 'get_context("spawn")' in inspect.getsource(server.DagsterApiServer.__init__)
    assert SpawnContext().get_start_method() == "spawn"


@pytest.mark.long
def test_the_definitions_are_not_among_what_is_imported_once() -> None:
    """They are made of the accounts, which each run finds as they are."""
    program = f"import sys; [__import__(n) for n in {IMPORTED}]; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    modules = set(done.stdout.split())
    assert {"dagster", "pandas", "pipelines.graph", "assets.loading.load"} <= modules
    assert "pipelines.definitions" not in modules
