"""Evolux as `API - Relatório - Histórico de Chamadas - Studio` describes it."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from resources.standin import StandIn, Tenant

DAY = {"start_date": "2020-01-12T00:00:00+00:00", "end_date": "2020-01-12T23:59:59.999999+00:00"}


@pytest.fixture
def evolux(standin: StandIn, http: httpx.Client) -> Tenant:
    tenant = standin.tenant("evolux", "demo-sp")
    http.base_url = httpx.URL(f"{standin.url(tenant)}/api/v1/studio/")
    http.headers["token"] = tenant.token
    return tenant


def call(number: int) -> dict[str, Any]:
    at = f"{number // 60:02}:{number % 60:02}:00"
    return {"id": number, "start_time": f"2020-01-12T{at}+00:00"}


def test_the_documents_page_comes_back(
    evolux: Tenant, http: httpx.Client, sample: Callable[[str], Any], shape: Any
) -> None:
    document = sample("evolux/studio_calls.200.sample.json")
    evolux.put(document["data"])
    answer = http.get("calls", params={"page": 1, "limit": 2, **DAY}).json()
    assert answer["data"] == document["data"]
    assert answer["meta"] == document["meta"]
    assert shape(answer["pagination"]) == shape(document["pagination"])
    for name in ("max_limit", "limit", "items", "total", "next_url", "prev_url"):
        assert answer["pagination"][name] == document["pagination"][name]
    echoed = answer["pagination"]["current_url"].partition("?")[2]
    assert echoed == document["pagination"]["current_url"].partition("?")[2]


def test_the_documents_detail_comes_back(
    evolux: Tenant, http: httpx.Client, sample: Callable[[str], Any]
) -> None:
    document = sample("evolux/studio_calls_cdr.200.sample.json")
    evolux.put_detail(1, document["data"])
    assert http.get("calls/1/cdr").json() == document


def test_a_call_without_detail_is_404(
    evolux: Tenant, http: httpx.Client, sample: Callable[[str], Any]
) -> None:
    answer = http.get("calls/7/cdr")
    assert answer.status_code == 404
    assert answer.json() == sample("evolux/studio_calls_cdr.404.not-found.json")


def test_pages_are_newest_first_and_count_all(evolux: Tenant, http: httpx.Client) -> None:
    evolux.put(call(number) for number in range(120))
    pages = [http.get("calls", params={"page": page, **DAY}).json() for page in (1, 2, 3, 4)]
    ids = [row["id"] for page in pages for row in page["data"]]
    assert ids == list(range(119, -1, -1))
    assert [page["pagination"]["items"] for page in pages] == [50, 50, 20, 0]
    assert {page["pagination"]["total"] for page in pages} == {120}
    assert "limit" not in pages[0]["pagination"]["next_url"]


def test_only_the_window_is_answered_and_it_is_today_by_default(
    evolux: Tenant, http: httpx.Client
) -> None:
    evolux.put([call(1), {"id": 2, "start_time": "2026-03-10T23:59:59+00:00"}])
    assert [row["id"] for row in http.get("calls", params=DAY).json()["data"]] == [1]
    today = http.get("calls").json()
    assert [row["id"] for row in today["data"]] == [2]
    assert "start_date=2026-03-10T00%3A00%3A00%2B00%3A00" in today["pagination"]["first_url"]


def test_more_than_50_a_page_is_a_breach_and_gets_50(
    standin: StandIn, evolux: Tenant, http: httpx.Client
) -> None:
    evolux.put(call(number) for number in range(60))
    assert len(http.get("calls", params={"limit": 51, **DAY}).json()["data"]) == 50
    assert [breach.limit for breach in standin.breaches] == ["max_page"]


@pytest.mark.parametrize("parameters", [{"page": "0"}, {"limit": "x"}, {"start_date": "today"}])
def test_nonsense_is_refused(
    evolux: Tenant, http: httpx.Client, parameters: dict[str, str]
) -> None:
    assert http.get("calls", params=parameters).status_code == 400


def test_a_wrong_token_is_401(evolux: Tenant, http: httpx.Client) -> None:
    answer = http.get("calls", headers={"token": "another"})
    assert (answer.status_code, answer.json()["meta"]["status"]) == (401, 401)
