"""A real Postgres for every test that wants one: a fresh, migrated database in milliseconds.

The server is the embedded one, in a home of its own, shared by all workers of all sessions.
"""

import gc
import hashlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
from filelock import FileLock
from psycopg import sql

from resources.configuration.home import CHECKOUT, Home
from resources.embedded.local_postgres import LocalPostgres
from resources.embedded.server import ADMIN
from tests.s3_server import WEED, S3Server, s3_server

_numbers = itertools.count()
_left: list[str] = []


def _memory() -> Path | None:
    """Where files come and go fast: a database is hundreds, for which some disks take ten times as
    long. None if there is no such place, or little of it, as in most containers.
    """
    folder = Path("/dev/shm")
    if folder.is_dir() and os.access(folder, os.W_OK):
        free = min(shutil.disk_usage(folder).free, psutil.virtual_memory().available)
        return folder if free > 4 * 2**30 else None
    return None


MEMORY = _memory()

# What is imported stays: looking through it for what doesn't was a third of the time of collecting,
# and slows every later look.
gc.disable()


def pytest_collection_finish() -> None:
    gc.enable()
    gc.freeze()


@pytest.fixture(autouse=True)
def _small_windows_are_known_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As large ones are: tests have few records."""
    monkeypatch.setattr("assets.loading.window.batches.WORTHWHILE", 1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The laws of loading are tried with every stream in the long run; in the short one with one of
    each kind. First the tests that wait for a whole Callhouse to start: others use the time.
    """
    for item in items:
        if item.path.parent.name in {"loading", "model"} and _another_stands_for(item):
            item.add_marker(pytest.mark.long)
    items.sort(key=lambda item: item.path.stem not in {"test_ui", "test_up"})


def _another_stands_for(item: pytest.Item) -> bool:
    """Whether it tries a stream whose kind another one stands for: Conpeek's (lists without a
    total), Evolux' (pages and totals) and Wolkvox' calls (one answer).
    """
    callspec = getattr(item, "callspec", None)
    values = set(map(str, callspec.params.values())) if callspec else set()
    vendors = {value.partition(".")[0] for value in values}
    others = {"clickfono", "vono", "kestrel", "merlin"}
    streams = {"wolkvox.unconnected_calls", "wolkvox.agent_usage"}
    return not (others.isdisjoint(vendors) and streams.isdisjoint(values))


@pytest.fixture(scope="session", autouse=True)
def _clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees, or touches, what the developer has set up for real."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("AWS_", "CALLHOUSE_", "DAGSTER_")):
                patch.delenv(name)
        patch.setenv("CALLHOUSE_HOME", str(tmp_path_factory.getbasetemp() / "callhouse"))
        yield


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder with a blank in its name that everybody may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="call house ", dir=MEMORY) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server with a bucket."""
    if not WEED.exists():
        pytest.skip("SeaweedFS isn't to be had for this platform")
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[LocalPostgres]:
    """The server: whoever comes first makes it, whoever goes last takes its memory away."""
    checkout = CHECKOUT / ".callhouse"
    checkout.mkdir(exist_ok=True)
    number = hashlib.sha256(str(checkout).encode()).hexdigest()[:8]
    home = MEMORY / f"callhouse-tests-{os.getuid()}-{number}" if MEMORY else checkout / "server"
    server = LocalPostgres(Home(home))
    door = FileLock(checkout / "tests.lock")
    with door:
        server.start()
        # Open, it says that the server is in use, to whoever finishes first.
        connection = psycopg.connect(server.url("postgres", ADMIN), autocommit=True)
    with closing(connection):
        # Nothing here has to survive a power cut.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET max_wal_size = '256MB'")
        connection.execute("SELECT pg_reload_conf()")
        _drop_leftovers(connection)
        yield server
    with door:
        if server.stop_if_unused() and MEMORY:
            shutil.rmtree(home)


@pytest.fixture(scope="session")
def postgres_url(postgres: LocalPostgres) -> str:
    """The server's `postgres` database, for tests that make databases themselves."""
    return postgres.url("postgres")


@pytest.fixture(scope="session")
def template_database(postgres_url: str) -> Iterator[str]:
    """The name of a migrated database to clone; nobody may be connected to it meanwhile."""
    from resources.postgres.migration import migrate

    with fresh_database(postgres_url, template="template1") as url:
        migrate(url)
        yield url.rpartition("/")[2]


@pytest.fixture(scope="session")
def template_with_dagster(postgres_url: str, template_database: str) -> Iterator[str]:
    """Another, in which Dagster has laid its tables, too: that takes it most of a second."""
    from pipelines.storage import PooledStorage, disconnect

    with fresh_database(postgres_url, template_database) as url:
        PooledStorage(url)
        disconnect(url)
        yield url.rpartition("/")[2]


@pytest.fixture
def database_url_with_dagster(postgres_url: str, template_with_dagster: str) -> Iterator[str]:
    """As `database_url`, with Dagster's tables."""
    with fresh_database(postgres_url, template=template_with_dagster) as url:
        yield url


@pytest.fixture
def database_url(postgres_url: str, template_database: str) -> Iterator[str]:
    """A fresh, migrated warehouse of this test's own."""
    with fresh_database(postgres_url, template=template_database) as url:
        yield url


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """A fresh database without any table."""
    with fresh_database(postgres_url, template="template1") as url:
        yield url


@contextmanager
def fresh_database(postgres_url: str, template: str) -> Iterator[str]:
    """Its name carries this process' number, so that the next session knows what is left over.

    It is dropped when the next one is left: by then those who were connected have gone, for whom
    Postgres waits in steps of a tenth of a second.
    """
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with closing(psycopg.connect(postgres_url, autocommit=True)) as connection:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield f"{postgres_url.rpartition('/')[0]}/{name}"
    finally:
        with closing(psycopg.connect(postgres_url, autocommit=True)) as connection:
            while _left:
                _drop(connection, _left.pop())
        _left.append(name)


def _drop(connection: psycopg.Connection, name: str) -> None:
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    connection.execute(drop.format(sql.Identifier(name)))


def _drop_leftovers(connection: psycopg.Connection) -> None:
    """Drops the databases of sessions that were killed."""
    for (name,) in connection.execute(
        r"SELECT datname FROM pg_database WHERE datname LIKE 'test\_%'"
    ).fetchall():
        if not psutil.pid_exists(int(name.split("_")[1])):
            _drop(connection, name)
