"""The benchmarks' tenants answer as the slow ones do, only faster."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from resources.standin import StandIn, Tenant
from resources.standin.fast import Sizes, register

SIZES = Sizes(dialogs=3000, calls=600, handled=900)
"""Over 30 days: 100, 20 and 30 a day."""


@pytest.fixture
def tenants(standin: StandIn, tmp_path: Path) -> dict[str, Tenant]:
    return register(standin, date(2026, 1, 1), SIZES, tmp_path)


def test_dialogs_by_window_and_page(
    standin: StandIn,
    tenants: dict[str, Tenant],
    http: httpx.Client,
    sample: Callable[[str], Any],
) -> None:
    tenant = tenants["conpeek"]

    def page(since: str, until: str, offset: int = 0) -> list[Any]:
        window = [
            {"property": "hangup_time", "operator": "gte", "value": since},
            {"property": "hangup_time", "operator": "lt", "value": until},
        ]
        answer = http.get(
            f"{standin.url(tenant)}/cdr_dialog",
            params={"filter": json.dumps(window), "offset": offset, "limit": 60},
            headers={"Authorization": tenant.token},
        )
        found: list[Any] = answer.raise_for_status().json()["data"]
        return found

    day = "2026-01-02 00:00:00", "2026-01-03 00:00:00"
    dialogs = page(*day) + page(*day, offset=60)
    assert len({dialog["dialog_uuid"] for dialog in dialogs}) == 100
    assert all(day[0] <= dialog["hangup_time"] < day[1] for dialog in dialogs)
    documented = sample("conpeek/cdr_dialog.200.sample.json")["data"][0]
    assert documented.keys() <= dialogs[0].keys()
    assert page("2027-01-01 00:00:00", "2027-01-02 00:00:00") == []


def test_calls_newest_first(
    standin: StandIn,
    tenants: dict[str, Tenant],
    http: httpx.Client,
    sample: Callable[[str], Any],
) -> None:
    tenant = tenants["evolux"]
    pages = [
        http.get(
            f"{standin.url(tenant)}/api/v1/studio/calls",
            params={
                "start_date": "2026-01-02T00:00:00+00:00",
                "end_date": "2026-01-04T23:59:59+00:00",
                "page": page,
            },
            headers={"token": tenant.token},
        ).json()
        for page in (1, 2)
    ]
    assert [page["pagination"]["items"] for page in pages] == [50, 10]
    ids = [call["id"] for page in pages for call in page["data"]]
    assert ids == list(range(80, 20, -1))
    documented = sample("evolux/studio_calls.200.sample.json")["data"][0]
    assert documented.keys() == pages[0]["data"][0].keys()


def test_handled_calls_all_at_once(
    standin: StandIn,
    tenants: dict[str, Tenant],
    http: httpx.Client,
    sample: Callable[[str], Any],
) -> None:
    tenant = tenants["wolkvox"]
    window = {"date_ini": "20260101000000", "date_end": "20260130235959"}
    answer = http.get(
        f"{standin.url(tenant)}/api/v2/reports_manager.php",
        params={"api": "cdr_1", **window},
        headers={"wolkvox-token": tenant.token},
    ).json()
    assert answer["msg"] == "900 records were found"
    documented = sample("wolkvox/reports_manager.200.cdr_1.sample.json")["data"][0]
    assert documented.keys() == answer["data"][0].keys()
