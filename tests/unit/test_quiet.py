"""What Callhouse changes of Dagster's processes is still there to be changed."""

import inspect
import subprocess
import sys
import threading
from multiprocessing.context import SpawnContext
from pathlib import Path

import pytest
from dagster._daemon import controller, sensor
from dagster._grpc import client, server, server_watcher
from grpc import _common as grpc  # type: ignore[import-untyped]

from pipelines import daemon, heartbeats
from pipelines.alerts import EVERY_S

LOOKS = """
import multiprocessing, os, pathlib, sys
value, home = sys.argv[1], pathlib.Path(sys.argv[2])
accounts = home / "accounts.toml"
os.environ |= {
    "CALLHOUSE_WARM_RUNS": value, "CALLHOUSE_ACCOUNTS": str(accounts), "CALLHOUSE_HOME": str(home),
    "CALLHOUSE_AUDIO_URL": "s3://calls", "CALLHOUSE_REPORT_URL": "s3://calls",
}
acme = f'''
[accounts.acme]
vendor = "evolux"
timezone = "UTC"
start_date = 2026-01-01
base_url = "https://evolux.example.com"
credentials = {{ token = {{ file = "{home / "token"}" }} }}
'''
from pipelines.warm_runs import make_runs_warm
make_runs_warm()
from tests.unit import warm_run
spawn = multiprocessing.get_context("spawn")
answers = spawn.Queue()
for text in acme, acme, "?":
    accounts.write_text(text)
    run = spawn.Process(target=warm_run.look, args=[answers])
    run.start()
    print(*answers.get(timeout=60), run.pid != os.getpid())
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


def test_a_grpc_server_waits_for_its_end_at_a_stretch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc, "MAXIMUM_WAIT_TIMEOUT", 0.1)
    heartbeats.wait_longer()
    ended = threading.Event()
    waits: list[float] = []

    def wait(timeout: float) -> bool:
        waits.append(timeout)
        threading.Timer(0.01, ended.set).start()
        return ended.wait(timeout)

    assert not grpc.wait(wait, ended.is_set)
    assert waits == [heartbeats.WAIT_S]


def test_the_daemon_asks_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller, "RELOAD_WORKSPACE_INTERVAL", 60)
    monkeypatch.setattr(controller, "DEFAULT_WORKSPACE_FRESHNESS_TOLERANCE", 300)
    monkeypatch.setattr(sensor, "MIN_INTERVAL_LOOP_TIME", 5)
    daemon.ask_less_often()
    assert controller.RELOAD_WORKSPACE_INTERVAL == daemon.FETCH_S
    assert controller.DEFAULT_WORKSPACE_FRESHNESS_TOLERANCE == daemon.GIVE_UP_S
    looks = inspect.getsource(controller.DagsterDaemonController.check_workspace_freshness)
    assert "RELOAD_WORKSPACE_INTERVAL" in looks
    assert "DEFAULT_WORKSPACE_FRESHNESS_TOLERANCE" in looks
    assert sensor.MIN_INTERVAL_LOOP_TIME == daemon.SENSORS_S
    assert "MIN_INTERVAL_LOOP_TIME" in inspect.getsource(sensor.execute_sensor_iteration_loop)
    assert EVERY_S <= 4 * daemon.SENSORS_S < EVERY_S + 5, "as punctual as Dagster's five seconds"


LIVES = """
import psutil, subprocess, sys, time
from pipelines.code_server import living_children
known = []
def look():
    global known
    known = living_children(known)
    return {child.pid for child in known}
def start(): return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
def end(child):
    child.stdin.close()  # it stays, as one that nobody awaits
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE: time.sleep(0.01)
print(look() == set())
first = start()
print(look() == {first.pid})
second = start()
end(first)
print(look() == {second.pid})
end(second)
print(look() == set())
third = start()
print(look() == {third.pid})
end(third)
third.wait()
print(look() == set())
"""


def test_the_code_server_knows_whether_a_process_with_the_code_lives() -> None:
    """One that has ended isn't counted, though nobody has awaited it."""
    done = subprocess.run(
        [sys.executable, "-c", LIVES], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["True"] * 6


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a fork isn't safe")
@pytest.mark.parametrize("value", ["yes", "no"])
def test_a_run_begins_in_a_process_that_has_everything(value: str, tmp_path: Path) -> None:
    """What Dagster starts by `spawn` has the modules already, and the definitions, whatever the
    accounts file says by now. It is a process of its own, which takes a queue along and tells how
    it ended.
    """
    command = [sys.executable, "-c", LOOKS, value, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    looked = done.stdout.split("\n")
    is_warm = value == "yes"
    assert looked[1:6:2] == ["7"] * 3
    assert looked[0:6:2] == [f"{is_warm} {is_warm} False True"] * 3
    assert 'get_context("spawn")' in inspect.getsource(server.DagsterApiServer.__init__)
    assert SpawnContext().get_start_method() == "spawn"
