"""Wolkvox, as its document describes it: an account of a stand-in, and its reports."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest

from resources.standin import StandIn, Tenant
from resources.vendor_api.vendor import Facts, Page
from resources.vendors import discover
from resources.windows import Window
from tests.unit.helpers import Grants, account, account_of, client, rows, sample

ZONE = ZoneInfo("America/Bogota")
NEW_YORK = ZoneInfo("America/New_York")
DAY = date(2026, 3, 10)
AFTERWARDS = datetime(2026, 7, 1, tzinfo=UTC)
WINDOW = Window.of_days((DAY,), ZONE, AFTERWARDS)
REPORTS = {"agent_usage": "cdr_2", "calls": "cdr_1", "unconnected_calls": "cdr_5"}
VENDOR = discover()["wolkvox"]
Read = Callable[..., list[Page]]
each_stream = pytest.mark.parametrize("stream", REPORTS)


def records(stream: str, case: str = "sample") -> list[dict[str, Any]]:
    """Those of a recorded answer."""
    name = f"wolkvox/reports_manager.200.{REPORTS[stream]}.{case}.json"
    found: list[dict[str, Any]] = sample(name)["data"]
    return found


def facts(stream: str, *changes: dict[str, Any], **of_account: Any) -> Facts:
    """The sample's first record, changed in as many ways."""
    first, normalise = records(stream)[0], VENDOR.stream(stream).normalise
    return normalise([first | change for change in changes], account("wolkvox", **of_account))


def row(stream: str, **changes: Any) -> dict[str, Any]:
    """The one row of a changed record."""
    ((found,),) = rows(facts(stream, changes)).values()
    return found


@pytest.fixture
def tenant(vendors: StandIn) -> Tenant:
    """A customer with the samples' records."""
    tenant = vendors.tenant("wolkvox", "test-co", min_interval_s=0)
    for stream, report in REPORTS.items():
        tenant.put(records(stream), report=report, day=DAY if report == "cdr_2" else None)
    return tenant


@pytest.fixture
def grants() -> Grants:
    return Grants()


@pytest.fixture
def read(vendors: StandIn, tenant: Tenant, grants: Grants) -> Read:
    """Reads a stream's window; `pages` fills up even if the read ends with an error."""

    def read(
        stream: str, window: Window = WINDOW, pages: list[Page] | None = None, **changes: Any
    ) -> list[Page]:
        pages = [] if pages is None else pages
        with client(account_of(vendors, tenant, **changes), stream, grants) as wolkvox:
            declared: Any = VENDOR.stream(stream)
            pages.extend(declared.read(wolkvox, window))
        return pages

    return read


@pytest.fixture
def asked(vendors: StandIn) -> Callable[[], list[tuple[str, ...]]]:
    """Report and window of every request so far."""
    return lambda: [
        tuple(dict(parse_qsl(urlsplit(r.path).query)).values()) for r in vendors.requests
    ]
