"""What an analyst tries, by accident or not, stops no loading."""

from datetime import timedelta

import psycopg
import pytest

from assets.loading.load import Loader
from assets.refresh import refresh_marts
from resources.migration import migrate
from resources.roles import ANALYST
from resources.standin.server import StandIn
from resources.vendors import discover
from resources.warehouse import Warehouse
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
            assert (result.error, result.tally.total.new) == (None, 1)
            assert refresh_marts(warehouse)
            assert migrate(database_url) == []
    finally:
        loader.close()
