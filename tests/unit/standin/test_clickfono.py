"""Clickfono as `API información de listado de llamados` describes it."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from resources.standin import StandIn, Tenant

POPUP = "14f1cc88-6ce8-11e9-b8f9-001d09ef4aa0"


@pytest.fixture
def clickfono(standin: StandIn, http: httpx.Client, sample: Callable[[str], Any]) -> Tenant:
    tenant = standin.tenant("clickfono", "demo-cl")
    tenant.put(sample("clickfono/calls_list.200.sample.json"))
    http.base_url = httpx.URL(f"{standin.url(tenant)}/calls/")
    http.headers["security-token"] = tenant.token
    return tenant


def test_the_documents_list_comes_back(
    clickfono: Tenant, http: httpx.Client, sample: Callable[[str], Any]
) -> None:
    answer = http.get("list", params={"date": "2019-04-02", "popup_uuid": POPUP})
    assert answer.json() == sample("clickfono/calls_list.200.sample.json")


@pytest.mark.parametrize(
    "parameters", [{"date": "2019-04-03"}, {}, {"date": "2019-04-02", "popup_uuid": "another"}]
)
def test_no_calls_are_204_without_a_body(
    clickfono: Tenant, http: httpx.Client, parameters: dict[str, str]
) -> None:
    answer = http.get("list", params=parameters)
    assert (answer.status_code, answer.content) == (204, b"")


def test_the_day_is_the_vendors_and_today_by_default(clickfono: Tenant, http: httpx.Client) -> None:
    """The offset in the record decides: half past midnight elsewhere is 23:30 in Santiago."""
    call_at = "2026/03/11 00:30:00 -0200"
    clickfono.put([{"uuid": "a" * 32, "popup_uuid": POPUP, "call_at": call_at}])
    assert [call["uuid"] for call in http.get("list").json()] == ["a" * 32]


def test_a_wrong_token_is_401(clickfono: Tenant, http: httpx.Client) -> None:
    assert http.get("list", headers={"security-token": "another"}).status_code == 401


def test_a_wrong_date_is_refused(clickfono: Tenant, http: httpx.Client) -> None:
    assert http.get("list", params={"date": "02/04/2019"}).status_code == 400
