"""`python -m pipelines.health PART [[HOST:]PORT]`: exits with 0 if this part does its work.

What orchestrators ask every minute must be cheap: Dagster's own commands import it whole.
"""

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing

import psycopg

import sql
from resources.configuration.home import Home

PATIENCE_S = 10
LOOKED_S = 120
"""Between two looks a worker may wait for a database that doesn't answer."""


def code(address: str) -> None:
    """The code server listens: it ends by itself when its process with the code does."""
    host, port = _host_and_port(address)
    with socket.create_connection((host, int(port)), PATIENCE_S):
        pass


def ui(address: str) -> None:
    """Dagster's web server answers, which no proxy is asked for."""
    host, port = _host_and_port(address)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{host}:{port}/server_info", timeout=PATIENCE_S):
        pass


def daemon() -> None:
    """Dagster's scheduler has been at work, by its heartbeat."""
    _require("health/daemon", os.environ["CALLHOUSE_DAGSTER_DATABASE_URL"])


def worker() -> None:
    """A worker of this host takes runs."""
    _require("health/worker", os.environ["CALLHOUSE_DATABASE_URL"], host=socket.gethostname())


def worker_looks() -> None:
    """A worker looks after its processes: it takes runs, finishes those that it has, or waits. It
    asks nobody: that a database is away is no reason to end a worker.
    """
    ago = time.time() - Home.from_environment().worker_looked.stat().st_mtime
    if ago > LOOKED_S:
        raise LookupError(f"it hasn't looked after its processes for {ago:.0f} s")


def _host_and_port(address: str) -> tuple[str, str]:
    host, _, port = address.rpartition(":")
    return host or "127.0.0.1", port


def _require(statement: str, url: str, **parameters: str) -> None:
    """Raises LookupError when the statement has no row."""
    from resources.postgres.database import connect

    with closing(connect(url, "callhouse health", autocommit=True)) as connection:
        if connection.execute(sql.read(statement).encode(), parameters).fetchone() is None:
            raise LookupError("nothing was heard of it")


PARTS: dict[str, Callable[..., None]] = {
    "code": code,
    "ui": ui,
    "daemon": daemon,
    "worker": worker,
    "worker_looks": worker_looks,
}


def main() -> None:
    """Says what is wrong, in a line."""
    name, *arguments = sys.argv[1:]
    try:
        PARTS[name](*arguments)
    except KeyError as error:
        sys.exit(f"{name}: {error.args[0]} isn't set")
    except (OSError, LookupError, psycopg.Error) as error:
        sys.exit(f"{name}: {error}")


if __name__ == "__main__":
    main()
