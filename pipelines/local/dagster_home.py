"""What Dagster needs before any of its processes starts: a home, a storage, a workspace.

All of it goes through the environment, so that whatever is started from here finds the same.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import make_url

from resources.home import Home
from resources.ports import LOOPBACK

if TYPE_CHECKING:
    from dagster import DagsterInstance

CONFIGURATION = Path(__file__).with_name("dagster.yaml")
LOCATION = "callhouse"
SCHEMA = "dagster"
STORAGE_URL = "CALLHOUSE_DAGSTER_DATABASE_URL"


def prepare(home: Home, database_url: str) -> None:
    """Readies Dagster's home and storage, for this process and those that it starts.

    The storage is the schema `dagster` of the warehouse's database, unless the environment
    names a database of its own. A `DAGSTER_HOME` that the user has set is left as it is.
    """
    os.environ["CALLHOUSE_HOME"] = str(home.root)
    os.environ["CALLHOUSE_DATABASE_URL"] = database_url
    # glibc keeps freed memory by thread: the threads of a load would hold a quarter more.
    os.environ.setdefault("MALLOC_ARENA_MAX", "1")
    if not os.environ.get(STORAGE_URL):
        _make_schema(database_url)
        os.environ[STORAGE_URL] = _in_schema(database_url)
    os.environ[STORAGE_URL] = _for_psycopg2(os.environ[STORAGE_URL])
    home.dagster.mkdir(parents=True, exist_ok=True)
    if home.dagster == home.root / "dagster":
        _copy_configuration(home.dagster / CONFIGURATION.name)
    os.environ["DAGSTER_HOME"] = str(home.dagster)


@contextmanager
def open_instance(database_url: str) -> "Iterator[DagsterInstance]":
    """Dagster's instance. Opened for the first time it lays its tables, which fails for two
    processes at once: here one goes after the other.

    No connection is left behind, which would say that the embedded Postgres is in use.
    """
    from dagster import DagsterInstance

    from pipelines.storage import disconnect

    try:
        with psycopg.connect(_for_psycopg(database_url), autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [STORAGE_URL])
            instance = DagsterInstance.get()
        with instance:
            yield instance
    finally:
        disconnect(os.environ[STORAGE_URL])


def workspace_file(home: Home) -> Path:
    """The workspace of the standing code server; `workspace.yaml` is for those without one."""
    return home.root / "workspace.yaml"


def write_workspace(home: Home, port: int) -> None:
    """Points Dagster's daemon and UI to the code server at `port`. (JSON is YAML, too.)"""
    server = {"host": LOOPBACK, "port": port, "location_name": LOCATION}
    workspace_file(home).write_text(json.dumps({"load_from": [{"grpc_server": server}]}))


def workspace_port(home: Home) -> int | None:
    """The port of the code server that the workspace was last written for."""
    if not workspace_file(home).exists():
        return None
    workspace = json.loads(workspace_file(home).read_text())
    return int(workspace["load_from"][0]["grpc_server"]["port"])


def _copy_configuration(target: Path) -> None:
    """At once, as another process may be reading it."""
    unfinished = target.with_suffix(f".{os.getpid()}")
    shutil.copyfile(CONFIGURATION, unfinished)
    unfinished.replace(target)


def _make_schema(database_url: str) -> None:
    with psycopg.connect(_for_psycopg(database_url)) as connection:
        try:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        except psycopg.errors.UniqueViolation:
            # Another process made it at the same moment.
            connection.rollback()


def _in_schema(database_url: str) -> str:
    url = make_url(database_url)
    options = f"{url.query.get('options', '')} -csearch_path={SCHEMA}".strip()
    return url.update_query_dict({"options": options}).render_as_string(hide_password=False)


def _for_psycopg(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _for_psycopg2(url: str) -> str:
    """On psycopg 3, which SQLAlchemy takes by default, Dagster's storage breaks at NOTIFY."""
    driver = "postgresql+psycopg2"
    return make_url(url).set(drivername=driver).render_as_string(hide_password=False)
