"""Wolkvox as `Calls and telephone usage per agent` describes it, and the reports beside it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest

from resources.standin import StandIn, Tenant

DAY = {"date_ini": "20260310000000", "date_end": "20260310235959"}
MARCH_10 = date(2026, 3, 10)


@pytest.fixture
def wolkvox(standin: StandIn, http: httpx.Client) -> Tenant:
    tenant = standin.tenant("wolkvox", "demo-bog", min_interval_s=0)
    http.base_url = httpx.URL(f"{standin.url(tenant)}/api/v2/")
    http.headers["wolkvox-token"] = tenant.token
    return tenant


def get(http: httpx.Client, report: str, **parameters: str) -> httpx.Response:
    return http.get("reports_manager.php", params={"api": report, **DAY, **parameters})


@pytest.mark.parametrize("report", ["cdr_1", "cdr_2", "cdr_5"])
def test_the_samples_come_back(
    wolkvox: Tenant, http: httpx.Client, sample: Callable[[str], Any], report: str
) -> None:
    document = sample(f"wolkvox/reports_manager.200.{report}.sample.json")
    wolkvox.put(document["data"], report=report)
    assert get(http, report).json() == document


def test_an_empty_window_is_404(
    wolkvox: Tenant, http: httpx.Client, sample: Callable[[str], Any]
) -> None:
    answer = get(http, "cdr_1")
    assert answer.status_code == 404
    assert answer.json() == sample("wolkvox/reports_manager.404.empty-window.json")


@pytest.mark.parametrize(("token", "fixture"), [("", "401.no-token"), ("another", "403.token")])
def test_a_wrong_token(
    wolkvox: Tenant,
    http: httpx.Client,
    sample: Callable[[str], Any],
    token: str,
    fixture: str,
) -> None:
    answer = http.get("reports_manager.php", headers={"wolkvox-token": token})
    assert answer.status_code == int(fixture[:3])
    assert answer.json() == sample(f"wolkvox/reports_manager.{fixture}.json")


@pytest.mark.parametrize(
    ("parameters", "fixture"),
    [
        ({"api": "cdr_9", **DAY}, "400.unknown-report"),
        ({"api": "cdr_2", "date_ini": "20260310000000"}, "400.missing-parameter"),
    ],
)
def test_wrong_parameters(
    wolkvox: Tenant,
    http: httpx.Client,
    sample: Callable[[str], Any],
    parameters: dict[str, str],
    fixture: str,
) -> None:
    answer = http.get("reports_manager.php", params=parameters)
    assert answer.status_code == 400
    assert answer.json() == sample(f"wolkvox/reports_manager.{fixture}.json")


def test_both_ends_of_the_window_belong_to_it(
    wolkvox: Tenant, http: httpx.Client, sample: Callable[[str], Any]
) -> None:
    wolkvox.put(sample("wolkvox/reports_manager.200.cdr_1.sample.json")["data"], report="cdr_1")
    late = get(http, "cdr_1", date_ini="20260310091523", date_end="20260310235959")
    assert late.json()["msg"] == "2 records were found"
    later = get(http, "cdr_1", date_ini="20260310091524", date_end="20260310235959")
    assert [row["agent_name"] for row in later.json()["data"]] == ["Andrés Ejemplo"]


def test_totals_are_added_up_from_the_calls(
    wolkvox: Tenant, http: httpx.Client, sample: Callable[[str], Any]
) -> None:
    handled = sample("wolkvox/reports_manager.200.cdr_1.sample.json")["data"]
    again = {**handled[0], "conn_id": "1773152123.1009", "cost": "0.50"}
    wolkvox.put([*handled, again], report="cdr_1")
    assert get(http, "cdr_2").json()["data"] == [
        {"calls": "2", "agent_name": "Lucía Ejemplo", "cost": "476.00"},
        {"calls": "1", "agent_name": "Andrés Ejemplo", "cost": "73.50"},
    ]


def test_totals_that_were_put_belong_to_their_day(wolkvox: Tenant, http: httpx.Client) -> None:
    total = {"calls": "3", "agent_name": "Lucía Ejemplo", "cost": "1.50"}
    wolkvox.put([total], report="cdr_2", day=MARCH_10)
    wolkvox.put([total], report="cdr_2", day=date(2026, 3, 11))
    assert get(http, "cdr_2").json()["data"] == [total]
    both = get(http, "cdr_2", date_end="20260311235959").json()["data"]
    assert both == [{**total, "calls": "6", "cost": "3.00"}]
    wolkvox.replace([], report="cdr_2", day=MARCH_10)
    assert get(http, "cdr_2").status_code == 404


@pytest.mark.parametrize("names_full_count", [True, False])
def test_what_is_too_much_is_cut_in_silence(
    standin: StandIn, http: httpx.Client, sample: Callable[[str], Any], names_full_count: bool
) -> None:
    tenant = standin.tenant("wolkvox", "demo", max_records=1, names_full_count=names_full_count)
    tenant.put(sample("wolkvox/reports_manager.200.cdr_5.sample.json")["data"], report="cdr_5")
    url = f"{standin.url(tenant)}/api/v2/reports_manager.php"
    answer = http.get(
        url, params={"api": "cdr_5", **DAY}, headers={"wolkvox-token": tenant.token}
    ).json()
    assert len(answer["data"]) == 1
    assert answer["msg"] == f"{1 + names_full_count} records were found"
    assert standin.breaches == []
