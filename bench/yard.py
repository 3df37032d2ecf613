"""Where contenders run: a Postgres of the benchmark's own, stand-in vendors, and the scales."""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, LiteralString, Self

import psycopg
from psycopg import sql

from bench.server import Server
from bench.task import Task
from resources.configuration.home import CHECKOUT, Home
from resources.embedded.local_postgres import LocalPostgres
from resources.embedded.server import ADMIN
from resources.postgres.migration import migrate
from resources.standin.fast import DAYS

PEERS = CHECKOUT / ".venv-bench" / "bin" / "python"
TRUNCATE_FACTS = "TRUNCATE facts.calls, facts.call_legs"
QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false", "INGESTR_DISABLE_TELEMETRY": "true"}
COMPILED = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": ""}
"""Nobody compiles anew at each start, whatever the environment says of it."""


class BenchError(Exception):
    """A contender failed; the end of what it said is in the message."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one run cost."""

    records: int
    wall_s: float
    client_s: float
    """CPU of the contender's processes, their start included."""
    startup_s: float
    """Of `client_s`, until it began to work: the interpreter and its imports."""
    postgres_s: float
    """CPU of all of the server's processes, the final checkpoint and vacuum included."""
    peak_mb: float
    """The most memory that one of the contender's processes held."""
    wal_mb: float
    rows_written: int
    """In `raw` and `facts`."""
    requests: int
    """In the warehouse's own ledger, where there is one."""
    said: dict[str, Any] = field(default_factory=dict)
    """What else the contender reported."""

    @property
    def cpu_s(self) -> float:
        """Client and Postgres together."""
        return self.client_s + self.postgres_s


class Yard:
    """Starts what contenders need, and ends it: `with Yard(folder) as yard: …`.

    Its databases carry this process' number, as tests bring a server that they share. Without
    `autovacuum` a server of its own is vacuumed by lanes alone, about each of their runs.
    """

    def __init__(
        self,
        folder: Path,
        postgres: LocalPostgres | None = None,
        days: int = DAYS,
        *,
        autovacuum: bool = True,
    ) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._shared = postgres
        self._autovacuum = autovacuum
        self._postgres = postgres or LocalPostgres(Home(folder))
        self._template = f"bench_{os.getpid()}"
        self._numbers = itertools.count()
        self.first_day = datetime.now(UTC).date() - timedelta(days=days + 1)
        """The last of the days is over."""
        self._days = days

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            self._postgres.start()
            stack.callback(self._postgres.stop_if_unused)
            # The open connection says that the server is in use.
            stack.enter_context(closing(psycopg.connect(self._postgres.url("postgres"))))
            if self._shared is None:
                server = Server(self._postgres.url("postgres", ADMIN))
                server.set_autovacuum("on" if self._autovacuum else "off")
            migrate(stack.enter_context(self._database(self._template, "template0")))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def postgres_version(self) -> str:
        """Such as 18.1."""
        return Server(self._postgres.url("postgres")).version()

    @contextmanager
    def vendors(self, **options: int) -> Iterator[str]:
        """The stand-in vendors with these options of `bench.vendors`; gives their URL."""
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="vendors-") as folder:
            command = [sys.executable, "-m", "bench.vendors", "--folder", folder]
            command += ["--first-day", self.first_day.isoformat(), "--days", str(self._days)]
            for name, value in options.items():
                command += [f"--{name.replace('_', '-')}", str(value)]
            with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE) as process:
                try:
                    assert process.stdout is not None
                    ready, _, url = process.stdout.readline().decode().strip().partition(" ")
                    if ready != "ready":
                        raise BenchError("the stand-in vendors didn't start")
                    yield url
                finally:
                    process.terminate()

    @contextmanager
    def lane(
        self, vendors_url: str, vendor: str, stream: str = "calls", tenant: str = "demo-fast"
    ) -> Iterator["Lane"]:
        """A fresh warehouse and scratch folder for one contender's steps."""
        name = f"{self._template}_{next(self._numbers)}"
        with (
            self._database(name, self._template) as database_url,
            tempfile.TemporaryDirectory(dir=self._folder, prefix="lane-") as folder,
        ):
            task = Task(
                action="",
                database_url=database_url,
                vendor=vendor,
                stream=stream,
                base_url=f"{vendors_url}/{vendor}/{tenant}",
                first_day=self.first_day.isoformat(),
                days=self._days,
                folder=folder,
            )
            yield Lane(task, self._folder / "contender.log")

    @contextmanager
    def _database(self, name: str, template: str) -> Iterator[str]:
        self._admin("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        self._admin("CREATE DATABASE {} TEMPLATE {}", name, template)
        try:
            yield self._postgres.url(name)
        finally:
            self._admin("DROP DATABASE {} WITH (FORCE)", name)

    def _admin(self, statement: LiteralString, *names: str) -> None:
        url = self._postgres.url("postgres")
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class Lane:
    """One contender's database, in which it takes its steps one after the other."""

    def __init__(self, task: Task, log: Path) -> None:
        self.task = task
        self.server = Server(task.database_url)
        self._log = log
        self._warmed = False

    def forget_facts(self) -> None:
        """Leaves raw alone, so that a rebuild has everything to do."""
        with closing(psycopg.connect(self.task.database_url, autocommit=True)) as connection:
            connection.execute(TRUNCATE_FACTS)

    def count(self, table: str) -> int:
        """Rows that are there, whatever a contender says."""
        with closing(psycopg.connect(self.task.database_url)) as connection:
            found = connection.execute(
                sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*table.split(".")))
            ).fetchone()
        assert found is not None
        return int(found[0])

    def run(self, module: str, action: str, *, peer: bool = False, **changes: Any) -> Figures:
        """One run of `bench.contenders.<module>`, on the scales.

        Before it the database is as autovacuum would leave it a minute later, and on disk. What a
        run leaves to autovacuum is counted as Postgres' share of it, too, however long it takes.
        """
        task = Task(**vars(self.task) | changes | {"action": action})
        python = str(PEERS) if peer else sys.executable
        command = [python, "-m", f"bench.contenders.{module}", task.json()]
        environment = dict(os.environ) | QUIET | COMPILED
        self._warm([python, "-c", f"import bench.contenders.{module}"], environment)
        self.server.vacuum()
        self.server.settle()
        cpu, wal, rows = self.server.cpu_s(), self.server.wal_bytes(), self.server.rows_written()
        requests = self.server.requests()
        started = time.monotonic()
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=log
            )
            assert process.stdout is not None
            with process.stdout:
                said = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        if process.returncode:
            raise BenchError(f"{module} {action} failed:\n{self._log.read_text()[-3000:]}")
        written = self.server.wal_bytes() - wal
        self.server.settle()
        self.server.vacuum()
        told = json.loads(said.splitlines()[-1])
        return Figures(
            records=told.pop("records"),
            wall_s=wall,
            client_s=usage.ru_utime + usage.ru_stime,
            startup_s=told.pop("startup_s"),
            postgres_s=self.server.cpu_s() - cpu,
            peak_mb=usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10),
            wal_mb=written / 1e6,
            rows_written=self.server.rows_written() - rows,
            requests=self.server.requests() - requests,
            said=told,
        )

    def _warm(self, command: list[str], environment: dict[str, str]) -> None:
        """Imports the contender once: what only the first start ever costs is nobody's figure."""
        if not self._warmed:
            subprocess.run(command, cwd=CHECKOUT, env=environment, check=True)
            self._warmed = True
