"""What Wolkvox's answers mean: errors in an envelope, counts in words."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from resources.errors import (
    ContractError,
    DoubtfulRefusalError,
    PermanentError,
    QuotaExhaustedError,
    ThrottledError,
    TransientError,
    VendorError,
    WindowTooLargeError,
)
from resources.standin import Fault, StandIn, Tenant
from resources.vendor_api.vendor import Page
from resources.vendors.wolkvox.client import count_in
from resources.vendors.wolkvox.totals import LEFT_OUT, NO_SUM
from resources.windows import Window
from tests.unit.helpers import Grants, sample
from tests.unit.wolkvox.conftest import (
    AFTERWARDS,
    DAY,
    VENDOR,
    ZONE,
    Read,
    records,
)


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize(
    ("fixture", "error", "words"),
    [
        ("400.unknown-report", ContractError, "DOES NOT EXIST"),
        ("400.missing-parameter", ContractError, "PARAMETERS ARE REQUIRED"),
        ("401.no-token", PermanentError, "PLEASE ENTER THE WOLKVOX-TOKEN"),
        ("403.token", PermanentError, "PLEASE VALIDATE TOKEN"),
        ("403.simultaneous", ThrottledError, "SIMULTANEOUS"),
        ("403.quota", QuotaExhaustedError, "TOKEN LIMIT EXCEEDED"),
    ],
)
@pytest.mark.parametrize("as_http", [True, False], ids=["HTTP's status", "the body's code alone"])
def test_errors_are_told_apart(
    read: Read,
    tenant: Tenant,
    fixture: str,
    error: type[VendorError],
    words: str,
    as_http: bool,
) -> None:
    body = sample(f"wolkvox/reports_manager.{fixture}.json")
    if as_http:
        tenant.arm(Fault.status(int(fixture[:3]), payload=body))
    else:
        tenant.arm(Fault.body(json.dumps(body).encode()))
    with pytest.raises(error, match=words):
        read("calls")


@pytest.mark.usefixtures("once")
def test_a_refusal_for_concurrency_pauses_everybody(
    read: Read, tenant: Tenant, grants: Grants
) -> None:
    tenant.arm(Fault.refusal("EXCEEDS THE LIMIT OF SIMULTANEOUS REQUESTS PER TOKEN (2)"))
    with pytest.raises(ThrottledError):
        read("calls")
    assert grants.outcomes[0].hold == timedelta(seconds=5)


def test_a_used_up_quota_waits_for_the_vendors_midnight(
    read: Read, tenant: Tenant, grants: Grants
) -> None:
    tenant.arm(Fault.refusal("TOKEN LIMIT EXCEEDED"))
    with pytest.raises(QuotaExhaustedError) as caught:
        read("calls")
    until = caught.value.until.astimezone(ZONE)
    assert (until.hour, until.second) == (0, 0)
    assert until.minute in (0, 15)  # just after midnight the vendor's clock may be slow
    assert timedelta(0) < until - datetime.now(UTC) <= timedelta(days=1)
    assert [outcome.exhausted_until for outcome in grants.outcomes] == [caught.value.until]


@pytest.mark.parametrize(
    "message",
    [
        "VALIDATE DATES ENTERED",
        " validate  dates entered. ",
        "Please validate dates entered",
        "Valide las fechas ingresadas",
        "Validate dates entered: no records found",
    ],
)
def test_an_empty_window_is_told_in_any_case_or_language(
    read: Read, tenant: Tenant, message: str
) -> None:
    tenant.arm(Fault.refusal(message, code=404))
    (page,) = read("calls")
    assert (page.records, page.total) == ([], None)


@pytest.mark.parametrize(
    "message",
    [
        "Validate dates entered: date_end is before date_ini",
        "Validate dates entered, the limit is 31 days",
        "Cannot validate dates entered",
        "",
    ],
)
def test_what_else_is_said_of_the_dates_is_no_empty_window(
    read: Read, tenant: Tenant, message: str
) -> None:
    tenant.arm(Fault.refusal(message, code=404))
    with pytest.raises(ContractError, match="404"):
        read("calls")


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("Exceeds the limit of simultaneous requests per token (1).", ThrottledError),
        ("EXCEDE EL LÍMITE DE PETICIONES SIMULTÁNEAS POR TOKEN", ThrottledError),
        ("Token limit exceeded, try tomorrow", QuotaExhaustedError),
        ("SE HA EXCEDIDO EL LÍMITE DE TOKENS", QuotaExhaustedError),
        ("Por favor valide el token", PermanentError),
        ("IP NOT IN THE LIST", PermanentError),
        ("SERVICE UNDER MAINTENANCE", TransientError),
        ("SOME PARAMETERS ARE REQUIRED", ContractError),
        ("", DoubtfulRefusalError),
    ],
)
def test_a_403_means_what_its_message_says(
    read: Read, tenant: Tenant, message: str, error: type[VendorError]
) -> None:
    tenant.arm(Fault.refusal(message))
    with pytest.raises(error) as caught:
        read("calls")
    assert type(caught.value) is error
    assert message in str(caught.value)


def test_404_with_another_message_is_not_empty(read: Read, tenant: Tenant) -> None:
    tenant.arm(Fault.refusal("Not Found", code=404))
    with pytest.raises(ContractError, match="404"):
        read("calls")


@pytest.mark.parametrize("code", [200, "200"])
def test_the_code_is_compared_as_text(read: Read, tenant: Tenant, code: Any) -> None:
    body = {"code": code, "error": None, "msg": "0 records were found", "data": []}
    tenant.arm(Fault.body(json.dumps(body).encode()))
    assert read("calls")[0].total == 0


@pytest.mark.parametrize("code", [None, "", "OK", 200.5, True, [200]])
def test_a_code_that_is_none_is_an_error(read: Read, tenant: Tenant, code: Any) -> None:
    tenant.arm(Fault.body(json.dumps({"code": code, "msg": "", "data": []}).encode()))
    with pytest.raises(ContractError, match="`code`"):
        read("calls")


@pytest.mark.parametrize("full_count", [True, False])
def test_an_answer_at_the_cap_is_too_large(
    read: Read, tenant: Tenant, vendors: StandIn, full_count: bool
) -> None:
    capped = vendors.tenant(
        "wolkvox", "test-co", min_interval_s=0, max_records=2, names_full_count=full_count
    )
    capped.put([*records("calls"), records("calls")[0] | {"conn_id": "1"}], report="cdr_1")
    limits = VENDOR.limits.model_copy(update={"max_records": 2})
    with pytest.raises(WindowTooLargeError, match="cut off"):
        read("calls", limits=limits)
    assert VENDOR.limits.max_records == 60_000


@pytest.mark.parametrize(
    ("fault", "limits"),
    [(Fault.oversized(2000), {"max_bytes": 1000}), (Fault.slow(9), {"timeout_s": 0.1})],
    ids=["size", "time"],
)
def test_an_answer_beyond_a_limit_is_too_large(
    read: Read, tenant: Tenant, fault: Fault, limits: dict[str, float]
) -> None:
    tenant.arm(fault)
    with pytest.raises(WindowTooLargeError):
        read("calls", limits=VENDOR.limits.model_copy(update=limits))


def test_fewer_records_than_the_message_names_are_too_large(read: Read, tenant: Tenant) -> None:
    tenant.arm(Fault.total(3))
    pages: list[Page] = []
    with pytest.raises(WindowTooLargeError, match="counts 3 records, but 2 came"):
        read("calls", pages=pages)
    assert [(len(page.records), page.total) for page in pages] == [(2, 3)]


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("1250 records were found", 1250),
        ("1,250 records were found", 1250),
        ("1.250 record(s) were found", 1250),
        ("Se encontraron 1 250 registros", 1250),
        ("Page 1 of 3: 1250 records", 1250),
        ("3 registros", 3),
        ("Records were found", None),
        ("OK (v1.2b)", None),
    ],
)
def test_a_message_counts_in_any_words(message: str, found: int | None) -> None:
    assert count_in(message) == found


def test_a_message_without_a_number_gives_no_total(read: Read, tenant: Tenant) -> None:
    tenant.arm(Fault.total(None))
    assert read("calls")[0].total is None


@pytest.mark.parametrize("stream", ["calls", "unconnected_calls"])
def test_dates_that_were_ignored_are_noticed(read: Read, tenant: Tenant, stream: str) -> None:
    tenant.arm(Fault.query(date_ini="20260301000000", date_end="20260331235959"))
    pages: list[Page] = []
    with pytest.raises(ContractError, match="ignored the dates"):
        read(stream, Window.of_days((date(2026, 3, 9),), ZONE, AFTERWARDS), pages)
    assert len(pages[0].records) == 2  # they are records all the same: kept


@pytest.mark.parametrize("name", ["TOTAL:", "Totales:", "Total agentes", "Total Agents"])
def test_totals_have_many_names(read: Read, tenant: Tenant, name: str) -> None:
    tenant.put([{"agent_name": name, "calls": 38.0}], report="cdr_2", day=DAY)
    (page,) = read("agent_usage")
    assert name not in [record["agent_name"] for record in page.records]
    assert page.remark == LEFT_OUT


@pytest.mark.parametrize(
    ("others", "calls", "is_agent"),
    [
        ([], "38", False),
        ([""], "38", False),
        (["1,962"], "2,000", False),
        ([], "39", True),
        (["some"], "38", True),
    ],
)
def test_a_row_that_sums_up_the_others_is_no_agent(
    read: Read, tenant: Tenant, others: list[str], calls: str, is_agent: bool
) -> None:
    shown = [{"agent_name": f"Agent {n}", "calls": text} for n, text in enumerate(others)]
    tenant.put([*shown, {"agent_name": "TOTAL", "calls": calls}], report="cdr_2", day=DAY)
    (page,) = read("agent_usage")
    names = [record["agent_name"] for record in page.records]
    assert ("TOTAL" in names) == is_agent
    assert page.total == len(names) == 2 + len(others) + is_agent
    assert page.remark == (NO_SUM if is_agent else LEFT_OUT)
