"""A real Postgres for every test that wants one: a fresh, migrated database in milliseconds.

The server is the embedded one, in a home of its own; it is kept between sessions, and shared by
all workers of all sessions.
"""

import hashlib
import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import sql

from resources.home import CHECKOUT, Home
from resources.local_postgres import SETTINGS, LocalPostgres

_numbers = itertools.count()


@pytest.fixture(scope="session", autouse=True)
def _clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees, or touches, what the developer has set up for real."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("CALLHOUSE_", "DAGSTER_")):
                patch.delenv(name)
        patch.setenv("CALLHOUSE_HOME", str(tmp_path_factory.getbasetemp() / "callhouse"))
        yield


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder with a blank in its name that everybody may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="call house ") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[LocalPostgres]:
    """The server, running. One is made anew when its settings change: it keeps its first ones."""
    settings = hashlib.sha256(repr(SETTINGS).encode()).hexdigest()
    server = LocalPostgres(Home(CHECKOUT / ".callhouse" / "tests" / settings[:8]))
    server.start()
    # The open connection says that the server is in use, to whoever finishes first.
    with closing(psycopg.connect(server.url("postgres"), autocommit=True)) as connection:
        # Nothing here has to survive a power cut.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
        _drop_leftovers(connection)
        yield server
    server.stop_if_unused()


@pytest.fixture(scope="session")
def postgres_url(postgres: LocalPostgres) -> str:
    """The server's `postgres` database, for tests that make databases themselves."""
    return postgres.url("postgres")


@pytest.fixture(scope="session")
def template_database(postgres_url: str) -> Iterator[str]:
    """The name of a migrated database to clone; nobody may be connected to it meanwhile."""
    from resources.migration import migrate

    with fresh_database(postgres_url, template="template0") as url:
        migrate(url)
        yield url.rpartition("/")[2]


@pytest.fixture
def database_url(postgres_url: str, template_database: str) -> Iterator[str]:
    """A fresh, migrated warehouse of this test's own."""
    with fresh_database(postgres_url, template=template_database) as url:
        yield url


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """A fresh database without any table."""
    with fresh_database(postgres_url, template="template0") as url:
        yield url


@contextmanager
def fresh_database(postgres_url: str, template: str) -> Iterator[str]:
    """Its name carries this process' number, so that the next session knows what is left over."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    identifier = sql.Identifier(name)
    with closing(psycopg.connect(postgres_url, autocommit=True)) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(identifier, sql.Identifier(template))
        )
        try:
            yield f"{postgres_url.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def _drop_leftovers(connection: psycopg.Connection) -> None:
    """Drops the databases of sessions that were killed."""
    for (name,) in connection.execute(
        r"SELECT datname FROM pg_database WHERE datname LIKE 'test\_%'"
    ).fetchall():
        if not psutil.pid_exists(int(name.split("_")[1])):
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(name)))
