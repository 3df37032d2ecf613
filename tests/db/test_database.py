"""Whether the database is there: heard in seconds, whatever stands in the way."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from resources.configuration.home import Home
from resources.embedded.local_postgres import LocalPostgres
from resources.embedded.ports import LOOPBACK, free_port
from resources.embedded.server import ADMIN
from resources.errors import ConfigurationError
from resources.postgres import database, warehouse
from resources.postgres.database import (
    DAGSTER_URL,
    URL,
    UnfitError,
    UnreachableError,
    connect,
    engine,
    require,
)
from tests.pooler import Pooler, needs_pgbouncer

SECRET = "hunter2-hunter2"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A host that takes connections and never says a word."""
    with closing(socket.create_server((LOOPBACK, 0))) as server:
        yield server.getsockname()[1]


def told(url: str | sa.URL, variable: str = URL, patience_s: float = 2) -> str:
    """What is said of a database that doesn't answer; soon, and without its password."""
    if isinstance(url, sa.URL):
        url = url.render_as_string(hide_password=False)
    began = time.monotonic()
    with pytest.raises(UnreachableError) as caught:
        require(url, variable, patience_s)
    assert time.monotonic() - began < patience_s + 1
    assert SECRET not in str(caught.value)
    return str(caught.value)


def test_a_database_that_answers(database_url: str) -> None:
    require(database_url)
    require(database_url.replace("postgresql://", "postgresql+psycopg2://"))


def test_a_database_of_another_encoding(postgres: LocalPostgres) -> None:
    """Its driver would hand over bytes for texts."""
    name = f"test_{os.getpid()}_ascii"
    with closing(connect(postgres.url("postgres", ADMIN), "test", autocommit=True)) as admin:
        create = f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"
        admin.execute(create.encode())
        try:
            with pytest.raises(UnfitError, match=r"has the encoding SQL_ASCII.*ENCODING 'UTF8'"):
                require(postgres.url(name, ADMIN))
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_a_server_that_is_too_old(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "OLDEST", 1000)
    with pytest.raises(UnfitError, match=r"is on Postgres \d+, and needs 1000 or newer: move it"):
        require(database_url)


def test_a_host_that_nobody_knows() -> None:
    text = told(f"postgresql://me:{SECRET}@nowhere.invalid/callhouse")
    assert "failed to resolve host 'nowhere.invalid'" in text
    assert "Correct the host in CALLHOUSE_DATABASE_URL" in text


def test_a_port_where_nobody_listens() -> None:
    text = told(f"postgresql://me:{SECRET}@{LOOPBACK}:{free_port()}/callhouse", DAGSTER_URL)
    assert text.startswith("Dagster's database doesn't answer: ")
    assert text.endswith("refused. Start it, or correct CALLHOUSE_DAGSTER_DATABASE_URL.")


def test_a_host_that_says_nothing(silent_port: int) -> None:
    text = told(f"postgresql://me:{SECRET}@{LOOPBACK}:{silent_port}/callhouse", patience_s=0.5)
    assert "The warehouse doesn't answer: no answer in 0.5 s. Start it, or" in text


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"password": SECRET}, "Put the right user and password into CALLHOUSE_DATABASE_URL"),
        ({"username": "nobody"}, "Put the right user and password into CALLHOUSE_DATABASE_URL"),
        ({"database": "elsewhere"}, "Create it, or correct CALLHOUSE_DATABASE_URL"),
        ({"query": {"colour": "blue"}}, 'invalid URI query parameter: "colour"'),
    ],
)
def test_a_server_that_lets_nobody_in(
    database_url: str, change: dict[str, str], fault: str
) -> None:
    assert fault in told(sa.make_url(database_url).set(**change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        ("the database system is starting up", "Try again in a moment"),
        ("the database system is in recovery mode", "Try again in a moment"),
        ("the database system is shutting down", "Try again when it is back"),
        ("sorry, too many clients already", "Allow it more connections"),
        ("no more connections allowed (max_client_conn)", "Raise the pooler's max_client_conn"),
        ("ne chef, geht nicht", "Start it, or correct CALLHOUSE_DATABASE_URL"),
    ],
)
def test_a_server_that_is_there_but_not_ready(message: str, advice: str) -> None:
    with refusing(message) as port:
        text = told(f"postgresql://me:{SECRET}@{LOOPBACK}:{port}/callhouse?sslmode=disable")
    assert f"{message}. {advice}" in text


@contextmanager
def refusing(message: str) -> Iterator[int]:
    """A server of Postgres' protocol that answers every greeting with an error."""
    fields = f"SFATAL\0VFATAL\0C57P03\0M{message}\0\0".encode()
    answer = b"E" + (4 + len(fields)).to_bytes(4, "big") + fields

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                with client:
                    client.recv(4096)
                    client.sendall(answer)

    with socket.create_server((LOOPBACK, 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize(
    "url",
    [f"me:{SECRET}@host/db", f"postgresql://me:{SECRET}/x@h:y/db", f"mysql://me:{SECRET}@h/db", ""],
)
def test_what_isnt_a_url_of_postgres(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        require(url)
    assert "CALLHOUSE_DATABASE_URL isn't the URL of a Postgres" in str(caught.value)
    assert SECRET not in str(caught.value)


@needs_pgbouncer
def test_a_pooler_whose_server_is_down(open_folder: Path) -> None:
    server = LocalPostgres(Home(open_folder / "home"))
    direct = server.start()
    with Pooler(direct) as pooler:
        through = pooler.url(direct)
        require(through)
        server.stop()
        for _ in range(2):  # the second time it knows
            assert "Start the server behind the pooler" in told(through, patience_s=1)


@needs_pgbouncer
def test_a_pooler_that_refuses_options(database_url: str) -> None:
    with Pooler(database_url) as pooler:
        options = {"options": "-c jit=off"}
        url = sa.make_url(pooler.url(database_url)).set(query=options)
        assert "take `options` out of CALLHOUSE_DATABASE_URL" in told(url)


def test_an_error_is_the_same_whether_or_not_there_is_a_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever goes on without a database, as who renews leases does, goes by its class."""
    monkeypatch.setattr(warehouse, "persistently", lambda work: work())
    nowhere = warehouse.Warehouse(f"postgresql://nobody@{LOOPBACK}:{free_port()}/nothing")
    with closing(nowhere), pytest.raises(sa.exc.OperationalError, match="refused"):
        nowhere.rows("load/clock")


def test_times_are_utc_whatever_the_databases_zone(empty_database_url: str) -> None:
    moment = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    name = sa.make_url(empty_database_url).database
    with connect(empty_database_url, "a test", autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Kathmandu'".encode())
    with connect(empty_database_url, "a test") as connection:
        row = connection.execute("SELECT %s, current_setting('timezone')", [moment]).fetchone()
        assert str(row) == str((moment, "Asia/Kathmandu"))
        odd = datetime(1600, 1, 2, 3, 4, 5, 120, tzinfo=UTC)  # its offset there had seconds
        assert str(connection.execute("SELECT %s", [odd]).fetchone()) == str((odd,))
        with pytest.raises(psycopg.DataError, match="year"):
            connection.execute("SELECT '10000-01-01'::timestamptz").fetchone()
    connections = engine(empty_database_url, "a test")
    with connections.connect() as other:
        found = other.execute(sa.text("SELECT CAST(:moment AS timestamptz)"), {"moment": moment})
        assert str(found.scalar_one()) == str(moment)
    connections.dispose()
