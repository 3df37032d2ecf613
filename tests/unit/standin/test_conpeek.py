"""Conpeek as `Read CDR Dialog` describes it; the dialogs' fields are public material."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from resources.standin import StandIn, Tenant


@pytest.fixture
def conpeek(standin: StandIn, http: httpx.Client, sample: Callable[[str], Any]) -> Tenant:
    tenant = standin.tenant("conpeek", "demo-pl")
    tenant.put(sample("conpeek/cdr_dialog.200.sample.json")["data"])
    http.base_url = httpx.URL(standin.url(tenant))
    http.headers["Authorization"] = tenant.token
    return tenant


def numbers(http: httpx.Client, *conditions: dict[str, Any], **parameters: int) -> list[int]:
    """The last digits of the dialogs that a filter lets through."""
    answer = http.get("cdr_dialog", params={"filter": json.dumps(conditions), **parameters})
    return [int(dialog["dialog_uuid"][-12:]) for dialog in answer.raise_for_status().json()["data"]]


def where(name: str, value: Any, operator: str | None = None) -> dict[str, Any]:
    return {"property": name, "value": value, **({"operator": operator} if operator else {})}


def test_the_sample_comes_back(
    conpeek: Tenant, http: httpx.Client, sample: Callable[[str], Any]
) -> None:
    assert http.get("cdr_dialog").json() == sample("conpeek/cdr_dialog.200.sample.json")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (where("start_time", "2026-03-10 09:30:00", "gt"), [8, 9]),
        (where("start_time", "2026-03-10 09:30:00", "gte"), [7, 8, 9]),
        (where("hangup_time", "2026-03-10 09:02:14", "lt"), [2]),
        (where("hangup_time", "2026-03-10 09:02:14", "lte"), [1, 2, 3]),
        (where("hangup_time", "2026-03-10 00:00:00", "gte"), [1, 2, 3, 4, 5, 6, 7, 8]),
        (where("talking_time", 45000, "gt"), [1, 3]),
        (where("talking_time", 45000, "eq"), [4, 5]),
        (where("talking_time", 120000), [1, 3]),
        (where("number_list", ["48505550102"]), [6]),
        (where("dialog_type_list", ["CONSULTANT"]), [2, 3, 5]),
        (where("business_direction", "OUTBOUND"), [4, 5, 7, 8]),
        (where("project_id_list", [1]), []),
        (where("tenant_user_id_list", [1]), []),
        (where("custom_tag_id_list", [1]), []),
        (where("operator_call_id_list", ["a"]), []),
        (where("call_request_agent_id_list", ["a"]), []),
    ],
)
def test_every_documented_filter(
    conpeek: Tenant, http: httpx.Client, condition: dict[str, Any], expected: list[int]
) -> None:
    """A dialog without `hangup_time` (number 9) is still going on: no bound on it matches."""
    assert numbers(http, condition) == expected


def test_filters_add_up_and_pages_follow(conpeek: Tenant, http: httpx.Client) -> None:
    external = where("dialog_type_list", ["EXTERNAL"])
    early = where("start_time", "2026-03-10 09:20:00", "lte")
    assert numbers(http, external, early) == [1, 4, 6]
    assert numbers(http, external, early, limit=2) == [1, 4]
    assert numbers(http, external, early, limit=2, offset=2) == [6]


@pytest.mark.parametrize(
    "text",
    [
        "start_time",
        "{}",
        '[{"property": "talking_time"}]',
        '[{"property": "start_time", "value": "2026-03-10T09:00:00Z", "operator": "gt"}]',
        '[{"property": "start_time", "value": "2026-03-10 09:00:00", "operator": "eq"}]',
        '[{"property": "dialog_type_list", "value": ["CUSTOMER"]}]',
        '[{"property": "project_id_list", "value": ["1"]}]',
        '[{"property": "hangup", "value": 1}]',
    ],
)
def test_a_filter_that_the_document_does_not_know_is_refused(
    conpeek: Tenant, http: httpx.Client, text: str
) -> None:
    assert http.get("cdr_dialog", params={"filter": text}).status_code == 400


@pytest.mark.parametrize("key", ["Bearer standin-demo-pl", "another", ""])
def test_only_the_bare_key_opens(conpeek: Tenant, http: httpx.Client, key: str) -> None:
    assert http.get("cdr_dialog", headers={"Authorization": key}).status_code == 401
