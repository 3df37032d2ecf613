"""`callhouse up` in its bad moments, on accounts of two vendors: its code server is killed, idle
and within a poll; somebody breaks the accounts file; a vendor comes in. Polls go on all the while.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from resources.configuration.home import Home
from resources.embedded.ports import free_port
from resources.standin import StandIn, Tenant
from tests.e2e.test_shown_checks import call
from tests.e2e.test_up import _ask_ui, _processes, _wait_for_ui

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
PATIENCE_S = 300
ZONE = "UTC"
LATENCY_S = 20.0
"""Of an answer that a poll waits for while its code server dies."""


class Running:
    """An `up`, what it prints, and what it does."""

    def __init__(self, process: "subprocess.Popen[str]", port: int, home: Home) -> None:
        self.process, self.port, self.home = process, port, home
        self.said: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout
        with self.process.stdout:
            for line in self.process.stdout:
                self.said.append(line.rstrip())

    def heard_out(self) -> None:
        """Waits for what it printed last."""
        self._listener.join(10)

    def ask(self, query: str) -> Any:
        """What the UI's GraphQL says; None while it can't."""
        try:
            return _ask_ui(self.port, query)
        except OSError:
            return None

    def runs(self, job: str, status: str) -> list[str]:
        """The ids of the job's runs in that state."""
        told = self.ask(
            f'{{ runsOrError(filter: {{pipelineName: "{job}", statuses: [{status}]}}) {{'
            " ... on Runs { results { runId } } } }"
        )
        return [run["runId"] for run in told["runsOrError"]["results"]] if told else []

    def wait_for_another(self, job: str) -> None:
        """Until a run of the job has gone well that hadn't by now."""
        known = set(self.runs(job, "SUCCESS"))
        self.wait(lambda: set(self.runs(job, "SUCCESS")) - known)

    def wait(self, fact: Callable[[], Any]) -> Any:
        """Until it is so."""
        deadline = time.monotonic() + PATIENCE_S
        while not (found := fact()):
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.5)
        return found

    def kill(self, *command: str) -> None:
        """Kills its process with these words in its command."""
        (process,) = [p for p in _processes(self.home) if set(command) <= set(p.cmdline())]
        process.kill()
        psutil.wait_procs([process], timeout=10)

    def serves(self) -> bool:
        """Whether the code location can be asked."""
        told = self.ask(
            "{ workspaceOrError { ... on Workspace { locationEntries {"
            " locationOrLoadError { __typename } } } } }"
        )
        if not told:
            return False
        (entry,) = told["workspaceOrError"]["locationEntries"]
        return bool(entry["locationOrLoadError"]["__typename"] == "RepositoryLocation")


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def tenants(standin: StandIn) -> dict[str, Tenant]:
    return {
        vendor: standin.tenant(vendor, f"my-{vendor}", timezone=ZONE, generated=True)
        for vendor in ("conpeek", "vono", "clickfono")
    }


def entry(standin: StandIn, folder: Path, tenant: Tenant) -> str:
    """An account that is polled every minute."""
    lines = [
        f"[accounts.{tenant.name}]", f'vendor = "{tenant.vendor}"', f'timezone = "{ZONE}"',
        f'base_url = "{standin.url(tenant)}"', "poll_every_s = 60", "limits.min_interval_s = 0",
        f"start_date = {time.strftime('%Y-%m-%d', time.gmtime())}",
    ]  # fmt: skip
    for name in ("token", "key") if tenant.vendor == "vono" else ("token",):
        file = folder / f"{tenant.name}.{name}"
        file.write_text(getattr(tenant, name), encoding="utf-8")
        lines.append(f'credentials.{name} = {{ file = "{file}" }}')
    return "\n".join([*lines, ""])


@pytest.fixture
def accounts(open_folder: Path, standin: StandIn, tenants: dict[str, Tenant]) -> Path:
    """The accounts file, of two of the vendors."""
    file = open_folder / "accounts.toml"
    entries = [entry(standin, open_folder, tenants[vendor]) for vendor in ("conpeek", "vono")]
    file.write_text("\n".join(entries), encoding="utf-8")
    return file


@pytest.fixture
def up(open_folder: Path, accounts: Path) -> Iterator[Running]:
    home, port = Home(open_folder / "home"), free_port()
    process = subprocess.Popen(
        [Path(sys.executable).with_name("callhouse"), "up", "--port", str(port)],
        env={**os.environ, "CALLHOUSE_HOME": str(home.root), "CALLHOUSE_ACCOUNTS": str(accounts)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    _wait_for_ui(process, port)
    running = Running(process, port, home)
    yield running
    process.send_signal(signal.SIGINT)
    process.wait(60)
    for process_left in _processes(home):
        process_left.kill()
    running.heard_out()


def test_a_code_server_that_is_killed_is_started_again(
    up: Running, tenants: dict[str, Tenant]
) -> None:
    """Idle or within a poll, the server itself or its process with the code: the run says that it
    was interrupted, and the next polls go well.
    """
    up.wait_for_another("conpeek_poll")
    up.kill("pipelines.code_server")
    up.wait(lambda: "The code server has ended: starting it again." in up.said)
    up.wait(up.serves)
    up.wait_for_another("conpeek_poll")
    for number, command in enumerate((["api", "grpc"], ["pipelines.code_server"]), start=2):
        tenants["conpeek"].latency_s = LATENCY_S
        (run_id,) = up.wait(lambda: up.runs("conpeek_poll", "STARTED"))
        time.sleep(3)
        up.kill(*command)
        up.wait(partial(failed, up, run_id))
        tenants["conpeek"].latency_s = 0
        up.wait(up.serves)
        up.wait_for_another("conpeek_poll")
        assert up.said.count("The code server has ended: starting it again.") == number
    log = f'{{ logsForRun(runId: "{run_id}") {{ ... on EventConnection {{ events {{'
    told = up.ask(log + " ... on MessageEvent { message } } } } }")["logsForRun"]["events"]
    assert "Callhouse was stopped while this run was at work." in {e.get("message") for e in told}


def test_a_broken_accounts_file_stops_nobody_and_a_new_vendor_comes_in_by_a_reload(
    up: Running, accounts: Path, open_folder: Path, standin: StandIn, tenants: dict[str, Tenant]
) -> None:
    up.wait_for_another("vono_poll")
    good = accounts.read_text(encoding="utf-8")
    accounts.write_text(good + "[accounts.new]\nvendor = 'nobody'\n", encoding="utf-8")
    up.wait(lambda: any(line.startswith("accounts.new.") for line in up.said))
    assert "left out until that is right: new" in up.said
    up.wait(lambda: check_of(up, "valid") == "FAILED")
    accounts.write_text(good.replace("[accounts.my-vono]", "[accounts.my-vono"), encoding="utf-8")
    up.wait(lambda: "with their last good settings go on: my-conpeek, my-vono" in up.said)
    refreshed = len(up.runs("marts_refresh", "SUCCESS"))
    tenants["conpeek"].put([call(1)])  # in the evening, a centre may have nothing new for the marts
    for vendor in ("conpeek", "vono"):
        up.wait_for_another(f"{vendor}_poll")
    up.wait(lambda: len(up.runs("marts_refresh", "SUCCESS")) > refreshed)
    up.kill("pipelines.code_server")
    up.wait(up.serves)
    up.wait_for_another("conpeek_poll")

    new = entry(standin, open_folder, tenants["clickfono"])
    accounts.write_text(f"{good}\n{new}", encoding="utf-8")
    up.wait(lambda: any("has changed and is right" in line for line in up.said))
    up.wait(lambda: (check_of(up, "valid"), check_of(up, "shown")) == ("SUCCEEDED", "FAILED"))
    reload = 'mutation { reloadRepositoryLocation(repositoryLocationName: "callhouse")'
    up.wait(lambda: up.ask(reload + " { __typename } }"))
    up.wait_for_another("clickfono_poll")
    up.wait(lambda: check_of(up, "shown") == "SUCCEEDED")


def failed(up: Running, run_id: str) -> bool:
    """Whether the poll is shown as failed."""
    return run_id in up.runs("conpeek_poll", "FAILURE")


def check_of(up: Running, name: str) -> str | None:
    """How the check of `ops/accounts` is shown."""
    told = up.ask(
        '{ assetNodeOrError(assetKey: {path: ["ops", "accounts"]}) { ... on AssetNode {'
        " assetChecksOrError { ... on AssetChecks { checks { name"
        " executionForLatestMaterialization { status } } } } } } }"
    )
    if not told:
        return None
    checks = told["assetNodeOrError"]["assetChecksOrError"]["checks"]
    (found,) = [c["executionForLatestMaterialization"] for c in checks if c["name"] == name]
    return found and str(found["status"])
