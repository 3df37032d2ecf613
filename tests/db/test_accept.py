"""`callhouse accept`: who may be accepted, what is said, and that it is due at once."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from assets.loading.load import Loader
from assets.maintenance import expiry
from pipelines.cli import app
from pipelines.due import waits
from resources.account import Account
from resources.postgres.clock import LONGEST_TRIP_S
from resources.postgres.warehouse import Warehouse
from resources.standin import StandIn, Tenant
from resources.vendors import discover
from tests.db.conftest import AccountOf

VENDOR = discover()["evolux"]
DAY = datetime.now(UTC).date() - timedelta(days=5)
Call = Callable[..., None]


@pytest.fixture
def tenant(standin: StandIn) -> Tenant:
    return standin.tenant("evolux", "acme", timezone="UTC", requests_per_s=None)


@pytest.fixture
def account(tenant: Tenant, account_of: AccountOf) -> Account:
    return account_of(tenant, start_date=DAY)


@pytest.fixture
def loader(warehouse: Warehouse) -> Iterator[Loader]:
    loader = Loader(warehouse, VENDOR)
    yield loader
    loader.close()


@pytest.fixture
def call(
    account: Account, warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Call:
    """Runs the command for the account; its exit code and the words that it must tell."""
    file = tmp_path / "accounts.toml"
    file.write_text(
        f"""
        [accounts.acme]
        vendor = "evolux"
        base_url = "{account.base_url}"
        timezone = "UTC"
        start_date = {DAY}
        credentials = {{ token = {{ env = "A_TOKEN" }} }}
        """,
        encoding="utf-8",
    )
    monkeypatch.setattr(os, "environ", os.environ.copy())
    url = warehouse.url.set(drivername="postgresql").render_as_string(hide_password=False)
    os.environ |= {"CALLHOUSE_HOME": str(tmp_path), "CALLHOUSE_ACCOUNTS": str(file),
                   "CALLHOUSE_DATABASE_URL": url, "A_TOKEN": account.secret("token")}  # fmt: skip

    def run(*arguments: str, says: str, exit_code: int = 0) -> None:
        result = CliRunner().invoke(app, ["accept", *arguments])
        assert says in " ".join(result.output.split())
        assert result.exit_code == exit_code, result.output

    return run


def test_a_doubted_day_is_accepted_and_due_at_once(
    account: Account, tenant: Tenant, loader: Loader, warehouse: Warehouse, call: Call
) -> None:
    calls = [
        {"id": n, "uuid": str(n), "start_time": f"{DAY}T10:00:0{n}+00:00", "duration": 1}
        for n in range(5)
    ]
    tenant.put(calls)
    call("acme", "calls", str(DAY), says="was never read", exit_code=2)
    loader.poll([account], VENDOR.streams[:1])
    call("acme", "calls", str(DAY), says="nothing to accept, as its last read is believed; it is")

    tenant.clear()
    loader.backfill([account], VENDOR.streams[:1], [DAY])
    call("acme", "calls", str(DAY), says="accepted. 5 known records that the vendor doesn't show")
    assert waits(warehouse, VENDOR, [account], datetime.now(UTC))["acme"].is_over
    call("acme", "calls", str(DAY), says="was accepted already. 5 known records")
    time.sleep(LONGEST_TRIP_S / 2)  # so much may the loader's clock be behind the database's
    loader.poll([account], VENDOR.streams[:1])
    with warehouse.transaction() as connection:
        counted = "SELECT facts, missing FROM ops.days WHERE account = 'acme' AND call_date = :day"
        assert tuple(connection.execute(sa.text(counted), {"day": DAY}).one()) == (5, 5)
    call("acme", "calls", str(DAY), says="nothing to accept")


def test_a_day_that_has_gone_for_its_age_is_not_accepted(
    account: Account, tenant: Tenant, loader: Loader, warehouse: Warehouse, call: Call
) -> None:
    tenant.put([{"id": 1, "uuid": "1", "start_time": f"{DAY}T10:00:00+00:00", "duration": 1}])
    loader.poll([account], VENDOR.streams[:1])
    tenant.clear()
    loader.backfill([account], VENDOR.streams[:1], [DAY])
    expiry.drop_facts(warehouse, DAY + timedelta(days=1))
    call("acme", "calls", str(DAY), says="nothing to accept, as its records have gone for their")


def test_what_there_isn_t_can_not_be_accepted(call: Call) -> None:
    day, future = str(DAY), "2999-01-01"
    call("nobody", "calls", day, says="no account 'nobody'", exit_code=2)
    call("acme", "dialogs", day, says="no stream 'dialogs' in acme: it has calls", exit_code=2)
    call("acme", "call_details", day, says="one by one; accept calls", exit_code=2)
    call("acme", "calls", "2020-01-01", says="is before the account's start_date", exit_code=2)
    call("acme", "calls", future, says="is in the future", exit_code=2)
    call("acme", "calls", "yesterday", says="Invalid value", exit_code=2)
