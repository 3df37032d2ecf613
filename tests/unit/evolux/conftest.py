"""Evolux, as its document describes it: an account of a stand-in, its calls and their steps."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from resources.standin import StandIn, Tenant
from resources.vendor_api.vendor import Facts, Page, Parent
from resources.vendors import discover
from resources.windows import Window
from tests.unit.helpers import Grants, account, account_of, client, sample

ZONE = ZoneInfo("America/Sao_Paulo")
DAY = date(2020, 1, 12)
AFTERWARDS = datetime(2020, 2, 1, tzinfo=UTC)
WINDOW = Window.of_days((DAY,), ZONE, AFTERWARDS)
CALLS: list[dict[str, Any]] = sample("evolux/studio_calls.200.sample.json")["data"]
DETAIL: dict[str, Any] = sample("evolux/studio_calls_cdr.200.sample.json")["data"]
PARENT = Parent("1", datetime.fromtimestamp(DETAIL["enter_time_epoch"], UTC))


def stream(name: str = "calls") -> Any:
    return discover()["evolux"].stream(name)


def facts(*changes: dict[str, Any]) -> Facts:
    """The sample's hang-up, changed in as many ways."""
    result: Facts = stream().normalise([CALLS[1] | change for change in changes], account("evolux"))
    return result


def steps(*details: dict[str, Any]) -> Facts:
    result: Facts = stream("call_details").normalise(details, account("evolux"))
    return result


def call(number: int, started: datetime, **changes: Any) -> dict[str, Any]:
    ended = started + timedelta(seconds=59)
    times = {"start_time": started.isoformat(), "end_time": ended.isoformat()}
    return CALLS[1] | {"id": number, "uuid": str(number)} | times | changes


@pytest.fixture
def tenant(vendors: StandIn) -> Tenant:
    """A tenant with 120 calls on the day."""
    tenant = vendors.tenant("evolux", "test-br")
    tenant.put([call(n, WINDOW.start + timedelta(minutes=10 * n)) for n in range(120)])
    return tenant


@pytest.fixture
def grants() -> Grants:
    return Grants()


@pytest.fixture
def read(vendors: StandIn, tenant: Tenant, grants: Grants) -> Callable[[Window], list[Page]]:
    def pages(window: Window = WINDOW) -> list[Page]:
        with client(account_of(vendors, tenant), grants=grants) as evolux:
            return list(stream().read(evolux, window))

    return pages


@pytest.fixture
def read_detail(vendors: StandIn, tenant: Tenant) -> Callable[[], Page]:
    def page() -> Page:
        with client(account_of(vendors, tenant), "call_details") as evolux:
            result: Page = stream("call_details").read(evolux, PARENT)
            return result

    return page


Read = Callable[..., list[Page]]
