"""What Dagster needs before any of its processes starts: a home, a storage, a workspace.

All of it goes through the environment, so that whatever is started from here finds the same.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from resources.configuration.broker import broker_url
from resources.configuration.home import Home
from resources.postgres.database import DAGSTER_URL, URL, require
from resources.text import files

if TYPE_CHECKING:
    from dagster import DagsterInstance

CONFIGURATION = Path(__file__).with_name("dagster.yaml")
WITH_WORKERS = Path(__file__).with_name("dagster.workers.yaml")
"""What is added to it where there is a broker."""
LARGEST_WORKSPACE = 64 * 1024


def prepare(home: Home, database_url: str) -> None:
    """Readies Dagster's home and storage, for this process and those that it starts.

    The storage is the schema `dagster` of the warehouse's database, unless the environment
    names another database. A `DAGSTER_HOME` that the user has set is left as it is.

    Raises UnreachableError when that other database doesn't answer.
    """
    os.environ["CALLHOUSE_HOME"] = str(home.root)
    os.environ[URL] = database_url
    # glibc keeps freed memory by thread: the threads of a load would hold a quarter more.
    os.environ.setdefault("MALLOC_ARENA_MAX", "1")
    storage_url = os.environ.get(DAGSTER_URL) or database_url
    if storage_url != database_url:
        require(storage_url, DAGSTER_URL)
    os.environ[DAGSTER_URL] = storage_url
    home.dagster.mkdir(parents=True, exist_ok=True)
    if home.dagster == home.own_dagster:
        parts = [CONFIGURATION, WITH_WORKERS] if broker_url() else [CONFIGURATION]
        configuration = b"".join(part.read_bytes() for part in parts)
        files.write(home.dagster / CONFIGURATION.name, configuration)
    os.environ["DAGSTER_HOME"] = str(home.dagster)


@contextmanager
def open_instance() -> "Iterator[DagsterInstance]":
    """Dagster's instance.

    No connection is left behind, which would say that the embedded Postgres is in use.
    """
    from dagster import DagsterInstance

    from pipelines.storage import disconnect

    try:
        with DagsterInstance.get() as instance:
            yield instance
    finally:
        disconnect(os.environ[DAGSTER_URL])


def workspace_file(home: Home) -> Path:
    """The workspace of the standing code server; `workspace.yaml` is for those without one."""
    return home.root / "workspace.yaml"


def write_workspace(home: Home, socket: Path) -> None:
    """Points Dagster's daemon and UI to the code server at that socket. (JSON is YAML, too.)"""
    server = {"socket": str(socket), "location_name": "callhouse"}
    files.write(workspace_file(home), json.dumps({"load_from": [{"grpc_server": server}]}))


def workspace_socket(home: Home) -> Path | None:
    """The socket of the code server that the workspace was last written for. None where there was
    none, as of an older Callhouse, and where the file can't be read, which each start writes anew.
    """
    try:
        workspace = json.loads(files.read_text(workspace_file(home), LARGEST_WORKSPACE))
        return Path(workspace["load_from"][0]["grpc_server"]["socket"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
