"""No vendor's limit is broken, whoever asks and whoever is killed meanwhile; without the limiter
they are. The stand-in vendors are a process of their own, their intervals are shortened.
"""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from resources.account import Account, Limits
from resources.configuration.home import CHECKOUT
from resources.http.permits import Limiter
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.vendor import Stream
from resources.vendors import discover
from tests.db.loading_processes import LoadingProcesses, NoLimits, loader, past_days
from tests.unit import helpers

PACED = {"requests_per_s": 8, "concurrency": 2}
SPENT = {"operation": "spent", "daily_requests": 12, "min_interval_s": 0.5}
TENANTS: dict[str, dict[str, Any]] = {
    "fire-evolux": {"vendor": "evolux", **PACED},
    "fire-conpeek": {"vendor": "conpeek", **PACED},
    "fire-clickfono": {"vendor": "clickfono", **PACED},
    "fire-vono": {"vendor": "vono", **PACED},
    # Two accounts with one token, and two of one operation whose quota is soon used up.
    "fire-wolkvox-a": {"vendor": "wolkvox", "token": "shared", "min_interval_s": 1.0},
    "fire-wolkvox-b": {"vendor": "wolkvox", "token": "shared", "min_interval_s": 1.0},
    "fire-wolkvox-c": {"vendor": "wolkvox", **SPENT},
    "fire-wolkvox-d": {"vendor": "wolkvox", **SPENT},
}


class Vendors:
    """The stand-in's door."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/_standin", verify=False, timeout=60)

    def register(self, name: str, **wish: Any) -> None:
        """A customer with data of the last week, who gets answers after a tenth of a second."""
        body = {"name": name, "generated": True, "latency_s": 0.1, **wish}
        self._http.post("/tenants", json=body).raise_for_status()

    def seen(self, what: str) -> list[dict[str, Any]]:
        """`requests` or `breaches`."""
        found: list[dict[str, Any]] = self._http.get(f"/{what}").json()
        return found

    def asked(self) -> Counter[str]:
        """How many requests each customer has made."""
        return Counter(request["tenant"] for request in self.seen("requests"))

    def are_all_asked(self) -> bool:
        """Whether there was a chance to ask everybody too much. A quota counts grants: of those to
        a process that is killed before it asks, the vendor hears nothing.
        """
        asked = self.asked()
        spent = asked["fire-wolkvox-c"] + asked["fire-wolkvox-d"]
        return spent >= 8 and all(asked[name] >= 4 for name in TENANTS if name[-1] not in "cd")

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def vendors(tmp_path: Path) -> Iterator[Vendors]:
    process = subprocess.Popen(
        [sys.executable, "-m", "resources.standin", "--state", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
    )
    assert process.stdout
    vendors = Vendors(process.stdout.readline().split()[1])
    for name, tenant in TENANTS.items():
        vendors.register(name, **tenant)
    yield vendors
    vendors.close()
    process.kill()
    process.communicate()


@pytest.fixture
def accounts(vendors: Vendors) -> list[Account]:
    return [_account(vendors, name, **tenant) for name, tenant in TENANTS.items()]


def _account(vendors: Vendors, name: str, **tenant: Any) -> Account:
    vendor = discover()[tenant.pop("vendor")]
    token = tenant.pop("token", f"standin-{name}")
    secrets = {"token": SecretStr(token), "key": SecretStr(f"standin-key-{name}")}
    return helpers.account(
        vendor.name,
        name=name,
        base_url=f"{vendors.url}/{vendor.name}/{name}",
        operation=tenant.pop("operation", name),
        start_date=datetime.now(UTC).date() - timedelta(days=2),
        credentials={key: secrets[key] for key in vendor.credentials},
        limits=Limits.model_validate(vendor.limits.model_dump() | tenant),
    )


def burn(warehouse: Warehouse, vendors: Vendors, accounts: list[Account], seconds: float) -> None:
    """Eight processes at work, one of them killed with -9 every other second: for so many seconds,
    and until everybody has been asked a few times and somebody was killed while he asked.
    """
    processes = LoadingProcesses(
        warehouse.url.render_as_string(hide_password=False), accounts, Limiter
    )
    processes.start(8)
    began = time.monotonic()
    while time.monotonic() < began + seconds or not (vendors.are_all_asked() and lost(warehouse)):
        assert time.monotonic() < began + seconds + 60, vendors.asked()
        time.sleep(2)
        processes.kill_any()
        processes.start(1)
    processes.end()


def lost(warehouse: Warehouse) -> int:
    """How many requests the ledger knows of whose worker died."""
    with warehouse.transaction() as connection:
        found = connection.execute(sa.text("SELECT FROM ops.requests WHERE error LIKE '%lost%'"))
        return found.rowcount


def check(warehouse: Warehouse, vendors: Vendors, accounts: list[Account]) -> None:
    """Nobody was asked too much, everybody was asked, and what was interrupted is made up for."""
    assert vendors.seen("breaches") == []
    asked = vendors.asked()
    assert asked["fire-wolkvox-c"] + asked["fire-wolkvox-d"] <= 12
    assert lost(warehouse) > 0
    for vendor in discover().values():
        mine = [a for a in accounts if a.vendor == vendor.name and a.operation != "spent"]
        last = loader(warehouse, vendor)
        streams = [stream for stream in vendor.streams if isinstance(stream, Stream)]
        results = last.backfill(mine, streams, past_days(1))
        last.close()
        assert {result.state for result in results} == {"ok"}, results
    assert vendors.seen("breaches") == []
    with warehouse.transaction() as connection:
        days = list(connection.execute(sa.text("SELECT * FROM ops.days WHERE facts > 0")))
    assert {day.account for day in days} >= {a.name for a in accounts if a.operation != "spent"}
    assert all(day.raw_records == day.facts + day.rejects for day in days), days


@pytest.mark.long
@pytest.mark.timeout(240)
def test_no_limit_is_broken_by_eight_processes_of_which_some_are_killed(
    warehouse: Warehouse, vendors: Vendors, accounts: list[Account]
) -> None:
    burn(warehouse, vendors, accounts, seconds=10)
    check(warehouse, vendors, accounts)


@pytest.mark.long
def test_no_limit_is_broken_for_minutes(
    warehouse: Warehouse, vendors: Vendors, accounts: list[Account]
) -> None:
    burn(warehouse, vendors, accounts, seconds=240)
    check(warehouse, vendors, accounts)


@pytest.mark.long
@pytest.mark.timeout(240)
def test_without_the_limiter_they_are_broken(
    warehouse: Warehouse, vendors: Vendors, accounts: list[Account]
) -> None:
    """The same processes: what is seen above is the limiter's doing, and would be noticed."""
    processes = LoadingProcesses(
        warehouse.url.render_as_string(hide_password=False), accounts, NoLimits
    )
    processes.start(8)
    broken: set[str] = set()
    ends = time.monotonic() + 60
    all_kinds = {"concurrency", "min_interval_s", "requests_per_s", "daily_requests"}
    while not broken >= all_kinds and time.monotonic() < ends:
        time.sleep(0.5)
        broken = {breach["limit"] for breach in vendors.seen("breaches")}
    processes.end()
    assert broken >= all_kinds
