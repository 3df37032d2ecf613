"""What an analyst tries, by accident or not, stops no loading."""

from contextlib import ExitStack, suppress
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa

from assets.loading.load import Loader
from assets.refresh import refresh_marts
from resources.embedded.local_postgres import LocalPostgres
from resources.embedded.server import OWNER, READER
from resources.postgres.migration import migrate
from resources.postgres.roles import ANALYST
from resources.postgres.warehouse import Warehouse
from resources.standin.server import StandIn
from resources.vendors import discover
from tests.db.conftest import AccountOf
from tests.db.test_load import DAY, dialog
from tests.db.test_roles import login

KNOWN = (
    "load ours/dialogs", "read ours/dialogs", "make_day", f"refresh marts {DAY}",
    "callhouse migrate",
)  # fmt: skip
"""What is locked, as anybody can read in our code."""


@pytest.mark.timeout(60)
def test_no_lock_that_an_analyst_can_take_is_waited_for(
    warehouse: Warehouse, standin: StandIn, account_of: AccountOf, database_url: str
) -> None:
    tenant = standin.tenant("conpeek", "ours")
    tenant.put([dialog(1)])
    vendor = discover()["conpeek"]
    account, stream = account_of(tenant), vendor.stream("dialogs")
    loader = Loader(warehouse, vendor, "test-run")
    try:
        loader.backfill([account], [stream], [DAY - timedelta(days=1)])
        with login(database_url, ANALYST) as analyst:
            for name in KNOWN:
                analyst.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
            analyst.execute("BEGIN")
            analyst.execute("SELECT count(*) FROM facts.calls, marts.calls_by_day")
            for table in ("ops.locks", "public.schema_version", "facts.calls"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), analyst.transaction():
                    analyst.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE")
            with pytest.raises(psycopg.errors.InsufficientPrivilege), analyst.transaction():
                analyst.execute("SELECT FROM facts.calls FOR KEY SHARE")
            [result] = loader.backfill([account], [stream], [DAY])
            assert (result.error, result.loaded.total.new) == (None, 1)
            assert refresh_marts(warehouse)
            assert migrate(database_url) == []
    finally:
        loader.close()


def test_an_analyst_makes_nothing_that_fills_the_disk(database_url: str) -> None:
    assert migrate(database_url) == []  # a copy of a database has the rights of any
    with login(database_url, ANALYST) as analyst:
        for statement in (
            "CREATE TEMP TABLE endless AS SELECT generate_series(1, 10)",
            "SELECT lo_create(0)",
            "SELECT lo_from_bytea(0, 'x')",
            "SELECT lo_creat(-1)",
            "SELECT lo_put(1, 0, 'x')",
            "CREATE TABLE public.endless (n int)",
            "CREATE SCHEMA endless",
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> current_user",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                analyst.execute(statement.encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            analyst.execute("SET temp_file_limit = -1")
        limit = analyst.execute("SHOW temp_file_limit").fetchone()
        assert limit == ("2GB",)
        own = sa.make_url(database_url).set(username=analyst.info.user, password="secret")
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(own.set(database="postgres").render_as_string(hide_password=False))


@pytest.mark.long
def test_an_analyst_with_all_connections_leaves_those_of_the_owner(database_url: str) -> None:
    with login(database_url, ANALYST) as analyst, ExitStack() as taken:
        own = sa.make_url(database_url).set(username=analyst.info.user, password="secret")
        url = own.render_as_string(hide_password=False)
        with suppress(psycopg.OperationalError):
            for _ in range(300):
                taken.enter_context(psycopg.connect(url))
        with pytest.raises(psycopg.OperationalError, match="reserved"):
            psycopg.connect(url)
        for _ in range(20):
            owner = taken.enter_context(psycopg.connect(database_url))
        owner.execute("CREATE TABLE public.more (n int)")  # as a migration does


@pytest.mark.parametrize(
    ("user", "statements"),
    [
        (OWNER, ["COPY (SELECT 1) TO PROGRAM 'true'", "SELECT pg_read_file('PG_VERSION')",
                 "ALTER SYSTEM SET fsync = off", "SET ROLE postgres"]),
        (READER, ["COPY (SELECT 1) TO PROGRAM 'true'", "DELETE FROM facts.calls", "RESET ROLE",
                  "COMMIT; DELETE FROM facts.calls", "SET ROLE callhouse",
                  "SET default_transaction_read_only = off; DELETE FROM ops.days",
                  "SELECT ops.lock('make_day')", "CREATE TEMP TABLE mine (n int)",
                  "CREATE TABLE public.mine (n int)"]),
    ],
)  # fmt: skip
def test_who_logs_in_to_the_embedded_server_does_no_more_than_its_work(
    postgres: LocalPostgres, database_url: str, user: str, statements: list[str]
) -> None:
    """The owner loads, and runs nothing on the host; the reader, of `callhouse sql`, never writes,
    whatever it sets.
    """
    migrate(database_url)
    url = postgres.url(database_url.rpartition("/")[2], user)
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM raw.records, ops.days").fetchone() == (0,)
        connection.execute("SET default_transaction_read_only = off")
        for statement in statements:
            try:
                connection.execute(statement.encode())
            except psycopg.errors.InsufficientPrivilege:
                continue
            assert statement == "RESET ROLE", statement
