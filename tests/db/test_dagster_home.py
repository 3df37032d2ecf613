"""Dagster's home and storage as Callhouse sets them up, and a user's own left alone."""

import json
import os
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from dagster import DagsterInstance
from dagster_postgres import PostgresRunStorage

from pipelines.dagster_home import open_instance, prepare, workspace_socket, write_workspace
from pipelines.run_queue import runs_at_once
from pipelines.storage import SCHEMA
from resources.configuration.home import Home
from resources.postgres.database import DAGSTER_URL
from resources.vendors import discover


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home of this test's own; what `prepare` adds to the environment goes with it."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    return Home(tmp_path / "home")


def _schemas(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT schemaname, tablename FROM pg_tables")
        return {schema for schema, table in tables if table in {"runs", "alembic_version"}}


def test_storage_is_a_schema_of_the_warehouse(home: Home, empty_database_url: str) -> None:
    prepare(home, empty_database_url)
    with DagsterInstance.get() as instance:
        assert instance.get_runs() == []
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled
        assert instance.run_monitoring_enabled
        limits = instance.get_concurrency_config().run_queue_config
        assert limits is not None
        assert limits.max_concurrent_runs == runs_at_once(len(discover()))
    assert _schemas(empty_database_url) == {SCHEMA}


def test_storage_may_be_a_database_of_its_own(
    home: Home, empty_database_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.environ[DAGSTER_URL] = empty_database_url
    prepare(home, database_url)
    prepare(home, database_url)
    with DagsterInstance.get() as instance:
        assert instance.get_runs() == []
    assert _schemas(empty_database_url) == {SCHEMA}
    assert SCHEMA not in _schemas(database_url)


def test_a_run_knows_the_pools_without_a_queue_of_runs(
    home: Home, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(home, empty_database_url)
    with DagsterInstance.get() as instance:
        expected = instance.get_concurrency_config().pool_config
    monkeypatch.delattr(DagsterInstance, "run_coordinator")
    with DagsterInstance.get() as instance:
        assert instance.event_log_storage.get_pool_config() == expected
    assert expected.default_pool_limit == 8


def test_storage_keeps_its_connection_while_the_instance_and_postgres_live(
    home: Home, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(home, empty_database_url)
    with psycopg.connect(empty_database_url, autocommit=True) as admin:
        with open_instance() as instance:
            storage = instance.run_storage
            assert isinstance(storage, PostgresRunStorage)

            def connection() -> int:
                with storage.connect() as found:
                    return int(found.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())

            kept = connection()
            tried: list[object] = []
            dialect = storage._engine.dialect
            ask = dialect.do_ping

            def ping(connection: Any) -> bool:
                tried.append(connection)
                return bool(ask(connection))

            monkeypatch.setattr(dialect, "do_ping", ping)
            assert instance.get_runs() == []
            assert connection() == kept
            assert not tried, "the server has said nothing"
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [kept])
            assert instance.get_runs() == []
            assert len(tried) == 1
            kept = connection()
        deadline = time.monotonic() + 10
        while admin.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [kept]).rowcount:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_users_own_dagster_home_is_left_alone(
    home: Home, empty_database_url: str, tmp_path: Path
) -> None:
    os.environ["DAGSTER_HOME"] = str(tmp_path / "mine")
    prepare(home, empty_database_url)
    assert os.environ["DAGSTER_HOME"] == str(tmp_path / "mine")
    assert list((tmp_path / "mine").iterdir()) == []


def test_the_password_is_in_no_file(home: Home, empty_database_url: str) -> None:
    password = sa.make_url(empty_database_url).password
    assert password
    prepare(home, empty_database_url)
    for file in home.root.rglob("*"):
        assert not file.is_file() or password not in file.read_text()


def test_the_workspace_remembers_its_code_server(home: Home) -> None:
    home.root.mkdir()
    assert workspace_socket(home) is None
    for unreadable in (b"", b'{"load_from": [{"grpc', b"\xff\xfe", b"[]", b"7", b"null",
                       b'{"load_from": []}', b'{"load_from": [{"grpc_server": {"socket": 7}}]}',
                       b"[" * 50_000):  # fmt: skip
        (home.root / "workspace.yaml").write_bytes(unreadable)
        assert workspace_socket(home) is None
    older = {"load_from": [{"grpc_server": {"host": "127.0.0.1", "port": 4000}}]}
    (home.root / "workspace.yaml").write_text(json.dumps(older))
    assert workspace_socket(home) is None
    write_workspace(home, Path("/tmp/a/code"))
    assert workspace_socket(home) == Path("/tmp/a/code")
