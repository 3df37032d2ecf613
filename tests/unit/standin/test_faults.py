"""What can go wrong, as a caller meets it."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from resources.standin import Fault, StandIn, Tenant

RECORDS = [
    {"dialog_uuid": str(n), "dialog_type": "EXTERNAL", "from_display_target": "Íris", "n": n}
    for n in range(4)
]


@pytest.fixture
def tenant(standin: StandIn, http: httpx.Client) -> Tenant:
    tenant = standin.tenant("conpeek", "demo")
    tenant.put(RECORDS)
    http.base_url = httpx.URL(standin.url(tenant))
    http.headers["Authorization"] = tenant.token
    return tenant


def get(http: httpx.Client, **parameters: Any) -> httpx.Response:
    return http.get("cdr_dialog", params=parameters)


def rows(http: httpx.Client, **parameters: Any) -> list[Any]:
    found: list[Any] = get(http, **parameters).json()["data"]
    return found


@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [
        (Fault.html(), 200, "<!doctype html>"),
        (Fault.empty(), 200, ""),
        (Fault.truncated_json(), 200, '{"data":[{"dialog_uuid"'),
        (Fault.status(500), 500, "<!doctype html>"),
        (Fault.status(502, payload={"no": 1}), 502, '{"no":1}'),
        (Fault.refusal("TOKEN LIMIT EXCEEDED"), 403, '{"code":"403"'),
        (Fault.body(b"Access denied", "text/plain"), 200, "Access denied"),
        (Fault.firewall(), 403, "<!doctype html><html><head><title>403 Forbidden"),
        (Fault.firewall(503), 503, "<!doctype html>"),
        (Fault.login(), 200, "<!doctype html><html><head><title>Sign in"),
        (Fault.unsuccessful(), 200, '{"success":false,"data":[]}'),
        (Fault.unsuccessful(message="no"), 200, '{"success":false,"data":[],"message":"no"}'),
    ],
)
def test_another_answer_once(
    tenant: Tenant, http: httpx.Client, fault: Fault, status: int, start: str
) -> None:
    tenant.arm(fault)
    answer = get(http)
    assert (answer.status_code, answer.text[: len(start)]) == (status, start)
    assert bool(answer.text) == bool(start)
    assert rows(http) == RECORDS


@pytest.mark.parametrize("retry_after", ["7", "Tue, 10 Mar 2026 15:31:00 GMT"])
def test_retry_after(tenant: Tenant, http: httpx.Client, retry_after: str) -> None:
    tenant.arm(Fault.status(429, retry_after))
    assert get(http).headers["retry-after"] == retry_after


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.half_body(), httpx.RemoteProtocolError), (Fault.reset(), httpx.ReadError)],
)
def test_broken_connections(
    tenant: Tenant, http: httpx.Client, fault: Fault, error: type[Exception]
) -> None:
    tenant.arm(fault)
    with pytest.raises(error):
        get(http)
    assert rows(http) == RECORDS


@pytest.mark.parametrize("fault", [Fault.slow(0.3), Fault.drip(0.3)])
def test_slow_answers(tenant: Tenant, http: httpx.Client, fault: Fault) -> None:
    tenant.arm(fault)
    answer = get(http)
    assert answer.elapsed.total_seconds() > 0.25
    assert answer.json()["data"] == RECORDS


def test_a_redirect_to_another_host(tenant: Tenant, http: httpx.Client) -> None:
    tenant.arm(Fault.redirect("http://elsewhere.example/"))
    assert get(http).headers["location"] == "http://elsewhere.example/"


@pytest.mark.parametrize("fault", [Fault.oversized(3_000_000), Fault.gzip_bomb(3_000_000)])
def test_monstrous_answers(tenant: Tenant, http: httpx.Client, fault: Fault) -> None:
    tenant.arm(fault)
    answer = get(http)
    assert len(answer.content) > 3_000_000
    assert answer.json()["data"] == RECORDS


def test_latin1(tenant: Tenant, http: httpx.Client) -> None:
    tenant.arm(Fault.latin1())
    with pytest.raises(UnicodeDecodeError):
        get(http).content.decode()


@pytest.mark.parametrize(
    ("fault", "first"),
    [
        (Fault.nul("dialog_type"), {**RECORDS[0], "dialog_type": "before\x00after"}),
        (Fault.huge_number("n"), {**RECORDS[0], "n": 2**64 - 1}),
        (Fault.field("n", "four"), {**RECORDS[0], "n": "four"}),
        (Fault.field("n", {"is": 1}), {**RECORDS[0], "n": {"is": 1}}),
        (Fault.field("new", 1), {**RECORDS[0], "new": 1}),
        (Fault.without("n"), {k: v for k, v in RECORDS[0].items() if k != "n"}),
        (Fault.array_record(), list(RECORDS[0].values())),
    ],
)
def test_spoiled_records(tenant: Tenant, http: httpx.Client, fault: Fault, first: Any) -> None:
    tenant.arm(fault)
    assert rows(http)[0] == first
    assert rows(http) == RECORDS


def test_pages_that_do_not_add_up(tenant: Tenant, http: httpx.Client) -> None:
    tenant.arm(Fault.short(2))
    assert rows(http) == RECORDS[:2]
    tenant.arm(Fault.add({"dialog_uuid": "elsewhere"}))
    assert rows(http) == [*RECORDS, {"dialog_uuid": "elsewhere"}]
    tenant.arm(Fault.repeat(), times=2)
    assert rows(http, limit=2) + rows(http, limit=2, offset=2) == [
        *RECORDS[:2],
        RECORDS[1],
        *RECORDS[2:],
    ]
    tenant.arm(Fault.query(filter=None))
    assert rows(http, filter="nonsense") == RECORDS


def test_totals_that_move(standin: StandIn, http: httpx.Client) -> None:
    tenant = standin.tenant("vono", "demo")
    url = f"{standin.url(tenant)}/api/recording/{tenant.token}/{tenant.key}"
    tenant.arm(Fault.total(5), after=1)
    tenant.arm(Fault.total(None), after=2)
    assert [http.get(url).json().get("total_records") for _ in range(3)] == [0, 5, None]


def test_faults_wait_for_their_report_and_their_moment(tenant: Tenant, http: httpx.Client) -> None:
    tenant.arm(Fault.status(500), report="another")
    tenant.arm(Fault.status(501), when=lambda ask: ask.query.get("offset") == "2")
    assert [get(http, offset=offset).status_code for offset in (0, 2, 2)] == [200, 501, 200]
    tenant.arm(Fault.status(503), times=2)
    assert [get(http).status_code for _ in range(3)] == [503, 503, 200]


def test_faults_compose(tenant: Tenant, http: httpx.Client) -> None:
    tenant.arm(Fault.short(3))
    tenant.arm(Fault.field("n", "four"))
    assert rows(http) == [{**RECORDS[0], "n": "four"}]


def test_other_processes_arm_faults_and_set_the_clock(standin: StandIn, http: httpx.Client) -> None:
    admin = f"{standin.base_url}/_standin"
    wish = {"vendor": "conpeek", "name": "demo-other", "token": "t", "records": RECORDS}
    base_url = http.post(f"{admin}/tenants", json=wish).json()["base_url"]
    fault = {"fault": "status", "with": {"code": 503, "retry_after": "1"}, "times": 1}
    http.post(f"{admin}/faults", json={"vendor": "conpeek", "tenant": "demo-other", **fault})
    statuses = [
        http.get(f"{base_url}/cdr_dialog", headers={"Authorization": "t"}).status_code
        for _ in range(2)
    ]
    assert statuses == [503, 200]
    http.post(f"{admin}/clock", json={"set": "2026-06-01T00:00:00+00:00"})
    http.post(f"{admin}/clock", json={"advance_s": 60})
    assert standin.clock.now() == datetime(2026, 6, 1, 0, 1, tzinfo=UTC)
    assert http.get(f"{admin}/health").json()["stand_in"] is True
    assert len(http.get(f"{admin}/requests").json()) == 2
