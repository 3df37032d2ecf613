"""What a test may do to a tenant while it is served."""

from typing import Any

import httpx
import pytest

from resources.standin import Fault, StandIn, Tenant

REQUESTS: dict[str, tuple[str, dict[str, str]]] = {
    "evolux": ("api/v1/studio/calls", {}),
    "conpeek": ("cdr_dialog", {}),
    "clickfono": ("calls/list", {}),
    "wolkvox": (
        "api/v2/reports_manager.php",
        {"api": "cdr_1", "date_ini": "20260310000000", "date_end": "20260310235959"},
    ),
    "vono": ("api/recording/t/k", {}),
}
"""By vendor: its list, of today."""
HEADERS = dict.fromkeys(("token", "authorization", "security-token", "wolkvox-token"), "t")


def get(standin: StandIn, http: httpx.Client, tenant: Tenant, path: str = "") -> httpx.Response:
    default, parameters = REQUESTS[tenant.vendor]
    url = f"{standin.url(tenant)}/{path or default}"
    return http.get(url, params=parameters, headers=HEADERS)


@pytest.fixture(params=REQUESTS)
def tenant(standin: StandIn, request: pytest.FixtureRequest) -> Tenant:
    return standin.tenant(request.param, "demo", token="t", key="k", min_interval_s=0)


@pytest.mark.parametrize("record", [{}, {"is": "broken"}, ["a list"]])
def test_a_broken_record_is_served_in_every_window(
    standin: StandIn, http: httpx.Client, tenant: Tenant, record: Any
) -> None:
    """Ours to judge, not the vendor's."""
    tenant.put([record])
    answer = get(standin, http, tenant).json()
    assert (answer if tenant.vendor == "clickfono" else answer["data"]) == [record]


def test_records_are_put_replaced_removed_and_cleared(standin: StandIn) -> None:
    tenant = standin.tenant("conpeek", "demo")

    def held() -> dict[str, int]:
        ever = standin.clock.now(), standin.clock.now()
        return {row["dialog_uuid"]: row["n"] for row in tenant.rows("cdr_dialog", *ever)}

    tenant.put([{"dialog_uuid": "a", "n": 1}, {"dialog_uuid": "b", "n": 1}])
    tenant.put([{"dialog_uuid": "b", "n": 2}])
    assert held() == {"a": 1, "b": 2}
    tenant.remove("a")
    assert held() == {"b": 2}
    tenant.replace([{"dialog_uuid": "c", "n": 3}])
    assert held() == {"c": 3}
    tenant.clear()
    assert held() == {}


def test_disarmed_faults_are_gone(standin: StandIn, http: httpx.Client, tenant: Tenant) -> None:
    tenant.arm(Fault.status(500), times=9)
    assert get(standin, http, tenant).status_code == 500
    tenant.disarm()
    assert get(standin, http, tenant).status_code in (200, 204, 404)


def test_other_paths_and_tenants_are_unknown(
    standin: StandIn, http: httpx.Client, tenant: Tenant
) -> None:
    assert get(standin, http, tenant, "api/another").status_code in (400, 404)
    assert http.get(f"/{tenant.vendor}/nobody/calls").status_code == 404
