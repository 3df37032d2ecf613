"""`callhouse up` as a newcomer has it: it answers, it goes without a trace, it comes back."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from dagster import DagsterRun, DagsterRunStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._core.utils import make_new_run_id

from pipelines.dagster_home import open_instance, prepare, workspace_socket
from resources.configuration.home import Home
from resources.embedded.local_postgres import LocalPostgres
from resources.embedded.ports import LOOPBACK, free_port
from tests.waiting import wait_until

START_S = 120
END_S = 20

Up = Callable[[int], "subprocess.Popen[str]"]


@pytest.fixture
def home(open_folder: Path) -> Iterator[Home]:
    home = Home(open_folder / "home")
    yield home
    for process in _processes(home):
        process.kill()


@pytest.fixture
def up(home: Home) -> Up:
    def start(port: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [Path(sys.executable).with_name("callhouse"), "up", "--port", str(port)],
            env={**os.environ, "CALLHOUSE_HOME": str(home.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return start


def _processes(home: Home) -> list[psutil.Process]:
    """All that live on this home: whatever `up` starts inherits where it is."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("CALLHOUSE_HOME") == str(home.root):
                found.append(process)
        except psutil.Error:
            continue
    return found


def _ask_ui(port: int, query: str) -> object:
    request = urllib.request.Request(
        f"http://{LOOPBACK}:{port}/graphql",
        json.dumps({"query": query}).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]


def _wait_for_ui(process: "subprocess.Popen[str]", port: int) -> None:
    def answers() -> bool:
        if process.poll() is not None:
            assert process.stdout
            pytest.fail(process.stdout.read())
        try:
            return _ask_ui(port, "{ version }") is not None
        except OSError:
            return False

    wait_until(answers, START_S)


def _leave_a_run_behind(home: Home) -> str:
    """What a run of this `up` leaves in the storage when all is killed at once."""
    code_server = str(workspace_socket(home))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", os.environ.copy())
        url = LocalPostgres(home).start()
        prepare(home, url)
        with open_instance() as instance:
            tags = {GRPC_INFO_TAG: json.dumps({"host": "localhost", "socket": code_server})}
            run = DagsterRun("a_job", make_new_run_id(), status=DagsterRunStatus.STARTED, tags=tags)
            return instance.add_run(run).run_id


def _code_servers(home: Home) -> dict[psutil.Process, str]:
    """The code server and its process with the code, and the socket of each."""
    found = {}
    for process in _processes(home):
        words = process.cmdline()
        if "--socket" in words:
            found[process] = words[words.index("--socket") + 1]
    return found


CONNECT = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"


def _assert_nobody_else_reaches_the_code(home: Home) -> None:
    """Whoever reached it could start runs, with the vendors' tokens at hand."""
    servers = _code_servers(home)
    assert len(servers) == 2
    for process, path in servers.items():
        states = [connection.status for connection in process.net_connections("tcp")]
        assert psutil.CONN_LISTEN not in states, process.cmdline()
        connect = [sys.executable, "-c", CONNECT, path]
        assert subprocess.run(connect, check=False).returncode == 0
        assert stat.S_IMODE(Path(path).parent.stat().st_mode) == 0o700
        if os.geteuid() == 0:
            attack = ["/usr/bin/env", "-i", "/usr/bin/python3", *connect[1:]]
            done = subprocess.run(
                attack, user="nobody", cwd="/", capture_output=True, text=True, check=False
            )
            assert "PermissionError" in done.stderr, done


@pytest.mark.long
@pytest.mark.timeout(400)
def test_it_serves_ends_whole_and_recovers(home: Home, up: Up) -> None:
    port = free_port()
    first = up(port)
    _wait_for_ui(first, port)
    location = "{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus } } } }"
    entries = {"locationEntries": [{"name": "callhouse", "loadStatus": "LOADED"}]}
    assert _ask_ui(port, location) == {"workspaceOrError": entries}

    _assert_nobody_else_reaches_the_code(home)

    second = up(free_port())
    said, _ = second.communicate(timeout=END_S)
    assert second.returncode == 1
    assert "stop that one first" in " ".join(said.split())

    run_id = _leave_a_run_behind(home)
    sockets = workspace_socket(home)
    first.kill()
    first.communicate()
    wait_until(lambda: not _processes(home), END_S)
    assert sockets
    assert not sockets.parent.exists()

    again = up(port)
    _wait_for_ui(again, port)
    status = f'{{ runOrError(runId: "{run_id}") {{ ... on Run {{ status }} }} }}'
    assert _ask_ui(port, status) == {"runOrError": {"status": "FAILURE"}}

    again.send_signal(signal.SIGINT)
    said, _ = again.communicate(timeout=END_S)
    assert again.returncode == 0
    assert "invented" in said
    assert said.rstrip().endswith("Callhouse has stopped.")
    assert not _processes(home)


@pytest.mark.timeout(200)
def test_a_taken_port_is_named(home: Home, up: Up) -> None:
    with socket.create_server((LOOPBACK, 0)) as stranger:
        process = up(stranger.getsockname()[1])
        said, _ = process.communicate(timeout=START_S)
    assert process.returncode == 1
    assert "--port" in said
    assert not _processes(home)
