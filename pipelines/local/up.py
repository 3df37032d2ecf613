"""`callhouse up`: Postgres, Dagster and, where there are no accounts yet, the stand-in vendors.

This process starts the others, looks that they stay, and starts again what dies. Ending them is
the watchdog's work alone, so that Ctrl-C and the death of this process take the same path.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import psycopg
from filelock import FileLock, Timeout
from rich.console import Console
from rich.table import Table

from pipelines import dagster_home
from pipelines.local import watchdog
from pipelines.local.accounts_watch import AccountsWatch
from pipelines.local.child import Child
from pipelines.local.standin import start_standin
from resources.configuration.environment import require_environment
from resources.configuration.home import Home
from resources.configuration.plain_environment import plain_environment
from resources.embedded.local_postgres import LocalPostgres, database_url
from resources.embedded.ports import LOOPBACK, is_taken
from resources.embedded.sockets import private_folder
from resources.errors import CallhouseError
from resources.postgres.clock import Clock
from resources.postgres.database import URL, connect, require
from resources.report.place import REPORT
from resources.stores.places import credentials_of

END_WITH_PARENT = "CALLHOUSE_END_WITH_PARENT"
"""Set by `make up`: killing make ends Callhouse. (`nohup callhouse up &` outlives its shell.)"""
console = Console(soft_wrap=True)


def run(port: int) -> None:
    """Serves the UI at `port` until a signal ends it. Raises CallhouseError when it can't."""
    home = Home.from_environment()
    home.make()
    try:
        require_environment()  # what is wrong with it is said before anything is started
        with signals_interrupt(), only_one(home):
            sockets = private_folder()
            with watchdog.process_group(home, sockets) as leader:
                _Stack(home, port, sockets, leader).serve()
    except KeyboardInterrupt:
        console.print("Callhouse has stopped.")


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """Whatever asks for an end does so as Ctrl-C does.

    Under `nohup` a hang-up asks for nothing. SIGINT counts even in a shell script's background,
    where the shell has it ignored.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    yield


@contextmanager
def only_one(home: Home) -> Iterator[None]:
    """Raises CallhouseError if Callhouse runs on this home already."""
    try:
        lock = FileLock(home.root / "up.lock").acquire(timeout=0)
    except Timeout:
        raise CallhouseError(
            f"Callhouse runs on {home.root} already: stop that one first, "
            "or set CALLHOUSE_HOME to another folder."
        ) from None
    with lock:
        yield


class _Stack:
    """Everything that runs, in the order of its start."""

    def __init__(
        self, home: Home, port: int, sockets: Path, leader: subprocess.Popen[bytes]
    ) -> None:
        self._home = home
        self._port = port
        self._sockets = sockets
        self._code_socket = sockets / "code"
        self._leader = leader
        self._parent = os.getppid()
        self._embedded = not os.environ.get(URL)
        self._demo = home.accounts == home.demo_accounts
        self._children: list[Child] = []
        self._connection: psycopg.Connection | None = None
        """As long as it is open, nobody stops the embedded server."""

    def serve(self) -> None:
        """Starts everything, then looks after it for ever."""
        try:
            self._serve()
        finally:
            if self._connection:
                self._connection.close()

    def _serve(self) -> None:
        if is_taken(self._port):
            raise CallhouseError(
                f"Port {self._port} is taken by another program: choose another with "
                "`callhouse up --port …` or `make up PORT=…`."
            )
        with console.status("Starting Callhouse; the first time takes a little longer…"):
            self._start()
        self._introduce()
        accounts = AccountsWatch(self._home, self._leader.pid)
        while True:
            if self._embedded:
                self._look_after_postgres()
            self._look_after_processes()
            if news := accounts.look():
                console.print(news, markup=False, highlight=False)
            time.sleep(1)

    def _start(self) -> None:
        self._home.logs.mkdir(exist_ok=True)
        for log in self._home.logs.glob("*.log"):
            log.replace(log.with_suffix(".previous"))
        self._start_postgres()
        if self._demo:
            self._children.append(start_standin(self._home, self._leader.pid))
        previous = dagster_home.workspace_socket(self._home)
        self._code_server = self._start_code_server()
        self._where_runs_go = self._before_serving("pipelines.local.preflight", previous)
        self._code_server.wait_until_ready()
        dagster_home.write_workspace(self._home, self._code_socket)
        workspace = dagster_home.workspace_file(self._home)
        self._child("daemon", "pipelines.daemon", "run", "-w", workspace, "--log-level", "warning")
        self._child(
            "web server",
            *("pipelines.web", "--host", LOOPBACK, "--port", self._port, "-w", workspace),
            listens_at=self._port,
            environment=plain_environment(self._home.accounts) | credentials_of(REPORT),
        ).wait_until_ready()

    def _start_postgres(self) -> None:
        self._database_url = database_url()
        require(self._database_url)
        if self._embedded:
            self._connection = connect(self._database_url, "callhouse up", autocommit=True)
        dagster_home.prepare(self._home, self._database_url)

    def _start_code_server(self) -> Child:
        """Whoever reaches it can start runs in it. Its process with the code, and the runs, make
        what is temporary in the same folder: their own sockets, too.
        """
        return self._child(
            "code server",
            *("pipelines.code_server", "--socket", self._code_socket, "--log-level", "warning"),
            listens_at=self._code_socket,
            environment=os.environ | {"TMPDIR": str(self._sockets)},
        )

    def _child(
        self,
        name: str,
        *arguments: object,
        listens_at: int | Path | None = None,
        environment: dict[str, str] | None = None,
    ) -> Child:
        """Unless it is given an environment, it gets what it needs of ours: no token."""
        log = self._home.logs / f"{name.replace(' ', '-')}.log"
        words = [str(argument) for argument in arguments]
        own = environment or plain_environment(self._home.accounts)
        child = Child(name, words, log, listens_at, own)
        child.start(self._leader.pid)
        self._children.append(child)
        return child

    def _before_serving(self, module: str, dead_code_server: Path | None) -> str:
        """Does what comes first, about a code server that runs no more. Returns what that says."""
        done = subprocess.run(
            [sys.executable, "-m", module, *filter(None, [dead_code_server])],
            process_group=self._leader.pid,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CallhouseError(done.stderr.strip())
        return done.stdout.strip()

    def _introduce(self) -> None:
        facts = Table.grid(padding=(0, 2))
        facts.add_row("UI", f"http://{LOOPBACK}:{self._port}")
        if self._embedded:
            facts.add_row("Warehouse", f"the embedded Postgres in {self._home.postgres}")
        else:
            facts.add_row("Warehouse", "the database of CALLHOUSE_DATABASE_URL")
        facts.add_row("", "callhouse sql opens it")
        if self._demo:
            facts.add_row("Accounts", "[bold yellow]demo accounts: every call in them is invented")
            facts.add_row("", "stand-in vendors on this machine play the real ones; to load your")
            facts.add_row("", "own calls, write an accounts.toml (see accounts.example.toml)")
        else:
            facts.add_row("Accounts", str(self._home.accounts))
        if self._where_runs_go:
            facts.add_row("Runs", self._where_runs_go)
        facts.add_row("Logs", str(self._home.logs))
        if wrong := self._wrong_clock():
            facts.add_row("[red]Clock", f"[red]{wrong}")
        console.print("[bold green]Callhouse is running.[/] Ctrl-C stops all of it.")
        console.print(facts)

    def _wrong_clock(self) -> str | None:
        """That this host's clock is wrong. The schedules go on as soon as it is right."""
        with connect(self._database_url, "callhouse up") as connection:
            ask = partial(connection.execute, "SELECT ops.now()")
            return Clock(lambda: ask().fetchall()[0][0]).fault()

    def _look_after_processes(self) -> None:
        if os.environ.get(END_WITH_PARENT) and os.getppid() != self._parent:
            raise KeyboardInterrupt
        if self._leader.poll() is not None:
            raise CallhouseError("Callhouse's watchdog was killed: start Callhouse again.")
        for child in self._children:
            child.trim_log()
            if child.is_dead:
                child.count_death()
                console.print(f"The {child.name} has ended: starting it again.")
                if child is self._code_server:
                    self._end_orphans()
                    self._before_serving("pipelines.recovery", self._code_socket)
                child.start(self._leader.pid)

    def _end_orphans(self) -> None:
        """Ends the runs of a code server that died: nobody could cancel them any more."""
        ours = {child.process.pid for child in self._children if not child.is_dead}
        for process in watchdog.members(self._leader.pid):
            try:
                if process.pid not in ours and process.ppid() not in ours:
                    process.kill()
            except psutil.NoSuchProcess:
                continue

    def _look_after_postgres(self) -> None:
        assert self._connection
        try:
            self._connection.execute("SELECT")
        except psycopg.OperationalError:
            console.print("Postgres has ended: starting it again.")
            if LocalPostgres(self._home).start() != self._database_url:
                raise CallhouseError(
                    "Another program has taken Postgres' port: start Callhouse again."
                ) from None
            self._connection = connect(self._database_url, "callhouse up", autocommit=True)
