"""Every documented limit, kept to and broken: the stand-in tells on who breaks one."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from resources.standin import Clock, StandIn, Tenant

LOOPBACK = httpx.Client(verify=False)


class Stopwatch:
    """Time for spacing and rates, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


STOPWATCH = Stopwatch()


@pytest.fixture(scope="session", autouse=True)
def _closed() -> Iterator[None]:
    """At the very end: a worker may come back to these tests."""
    yield
    LOOPBACK.close()


@pytest.fixture(scope="module")
def _server() -> Iterator[StandIn]:
    with StandIn(clock=Clock(), stopwatch=STOPWATCH) as server:
        yield server


@pytest.fixture
def stopwatch(standin: StandIn) -> Stopwatch:
    STOPWATCH.now = 0.0
    return STOPWATCH


def ask(standin: StandIn, tenant: Tenant, report: str = "cdr_1", days: int = 1) -> httpx.Response:
    window = {"date_ini": "20260301000000", "date_end": f"202603{days:02}235959"}
    return LOOPBACK.get(
        f"{standin.url(tenant)}/api/v2/reports_manager.php",
        params={"api": report, **window},
        headers={"wolkvox-token": tenant.token},
    )


def broken(standin: StandIn) -> list[str]:
    return [breach.limit for breach in standin.breaches]


def test_one_consumption_of_a_report_every_five_minutes(
    standin: StandIn, stopwatch: Stopwatch
) -> None:
    """Served all the same: the document names no refusal."""
    tenant = standin.tenant("wolkvox", "demo")
    ask(standin, tenant, "cdr_1")
    ask(standin, tenant, "cdr_5")
    stopwatch.now = 300
    ask(standin, tenant, "cdr_1")
    assert broken(standin) == []
    stopwatch.now = 599
    assert ask(standin, tenant, "cdr_1").status_code == 404
    assert broken(standin) == ["min_interval_s"]


def test_a_token_cannot_be_consumed_simultaneously(
    standin: StandIn, sample: Callable[[str], Any]
) -> None:
    """Neither can it by another tenant that shares the token."""
    first = standin.tenant("wolkvox", "demo-a", token="shared")
    second = standin.tenant("wolkvox", "demo-b", token="shared")
    first.latency_s = 0.5
    running = threading.Thread(target=ask, args=(standin, first))
    running.start()
    while not standin.meter.in_flight(first):
        pass
    refused = ask(standin, second, "cdr_5")
    running.join()
    assert refused.status_code == 403
    assert refused.json() == sample("wolkvox/reports_manager.403.simultaneous.json")
    assert broken(standin) == ["concurrency"]


def test_a_caller_that_hung_up_is_no_longer_in_flight(standin: StandIn) -> None:
    tenant = standin.tenant("wolkvox", "demo")
    tenant.latency_s = 30
    with pytest.raises(httpx.ReadTimeout):
        LOOPBACK.get(f"{standin.url(tenant)}/api/v2/reports_manager.php", timeout=0.2)
    while not standin.requests:
        pass
    assert standin.requests[0].status == 499
    while standin.meter.in_flight(tenant):
        pass


def test_licences_times_1000_a_day_by_operation(
    standin: StandIn, sample: Callable[[str], Any]
) -> None:
    quota: dict[str, Any] = {"operation": "demo", "min_interval_s": 0, "daily_requests": 1}
    first = standin.tenant("wolkvox", "demo-a", **quota)
    second = standin.tenant("wolkvox", "demo-b", **quota)
    assert standin.tenant("wolkvox", "demo", licenses=2).limits.daily_requests == 2000
    assert ask(standin, first).status_code == 404
    refused = ask(standin, second)
    assert refused.status_code == 403
    assert refused.json() == sample("wolkvox/reports_manager.403.quota.json")
    assert broken(standin) == ["daily_requests"]
    standin.clock.advance(timedelta(days=1))
    assert ask(standin, first).status_code == 404


def test_31_days_a_query(standin: StandIn) -> None:
    tenant = standin.tenant("wolkvox", "demo", min_interval_s=0)
    assert ask(standin, tenant, days=31).status_code == 404
    tenant = standin.tenant("wolkvox", "demo", min_interval_s=0, max_window_days=30)
    assert ask(standin, tenant, days=31).status_code == 400
    assert broken(standin) == ["max_window_days"]


def test_a_heavy_or_slow_result_is_an_error_but_no_breach(standin: StandIn) -> None:
    """The caller couldn't know: 256 MB and 60 seconds are seen by the vendor alone."""
    row = {"date": "2026-03-01 09:00:00", "agent_name": "demo", "cost": "1"}
    tenant = standin.tenant("wolkvox", "demo", min_interval_s=0, max_bytes=100, timeout_s=0.1)
    tenant.put([row], report="cdr_1")
    assert ask(standin, tenant).status_code == 413
    tenant.latency_s = 0.2
    assert ask(standin, tenant).status_code == 504
    assert broken(standin) == []


@pytest.mark.parametrize("vendor", ["evolux", "conpeek", "clickfono", "vono"])
def test_the_assumed_rate_of_the_others(
    standin: StandIn, stopwatch: Stopwatch, vendor: str
) -> None:
    tenant = standin.tenant(vendor, "demo", requests_per_s=2)
    for stopwatch.now in (0.0, 0.5, 1.0, 1.5):
        LOOPBACK.get(standin.url(tenant))
    assert broken(standin) == []
    LOOPBACK.get(standin.url(tenant))
    LOOPBACK.get(standin.url(tenant))
    assert set(broken(standin)) == {"requests_per_s"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("vendor", ["evolux", "conpeek", "clickfono", "wolkvox", "vono"])
def test_anything_but_get_is_the_gravest_breach(standin: StandIn, vendor: str, method: str) -> None:
    tenant = standin.tenant(vendor, "demo")
    assert LOOPBACK.request(method, standin.url(tenant)).status_code == 405
    assert broken(standin) == ["method"]


def test_other_processes_read_the_breaches(standin: StandIn) -> None:
    tenant = standin.tenant("evolux", "demo")
    LOOPBACK.delete(standin.url(tenant))
    [breach] = LOOPBACK.get(f"{standin.base_url}/_standin/breaches").json()
    assert (breach["vendor"], breach["tenant"], breach["limit"]) == ("evolux", "demo", "method")
