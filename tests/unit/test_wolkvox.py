"""Wolkvox as `Calls and telephone usage per agent` describes it, and the reports beside it."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

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
from resources.vendor_api.values import NO_VALUE
from resources.vendor_api.vendor import Facts, Page
from resources.vendors import discover
from resources.vendors.wolkvox import count_in
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


def test_the_totals_mean_what_a_careful_reader_expects() -> None:
    found = VENDOR.stream("agent_usage").normalise(
        records("agent_usage"), account("wolkvox", currency="COP")
    )
    assert rows(found) == {
        "agent_usage": [
            {"agent_name": "Lucía Ejemplo", "calls": 37, "cost": "12845.50", "currency": "COP",
             "attributes": None},
            {"agent_name": "Andrés Ejemplo", "calls": 1, "cost": "0", "currency": "COP",
             "attributes": None},
        ]
    }  # fmt: skip
    assert (found.rejects, found.new_fields) == ([], frozenset())
    assert found.started_at is None  # totals belong to the day that was asked for


def test_the_documents_own_blank_sample_has_no_agent() -> None:
    (blank,) = records("agent_usage", "blank")
    stream: Any = VENDOR.stream("agent_usage")
    assert stream.key(blank) is None
    (reject,) = stream.normalise([blank], account("wolkvox")).rejects
    assert (reject.field, reject.reason) == ("agent_name", "missing")
    found = row("agent_usage", calls="", cost="")
    assert (found["calls"], found["cost"], found["currency"]) == (None, None, None)


def test_a_handled_call_means_what_a_careful_reader_expects() -> None:
    found = VENDOR.stream("calls").normalise(records("calls"), account("wolkvox", currency="COP"))
    inbound, outbound = rows(found)["calls"]
    assert inbound == {
        "grain": "call",
        "direction": "inbound",
        "started_at": "2026-03-10T14:15:23+00:00",
        "duration_s": 317.0,
        "talk_s": 317.0,
        "from_number": "3205550100",
        "to_number": None,
        "from_e164": "+573205550100",
        "to_e164": None,
        "disposition": "answered",
        "is_final": True,
        "ended_by": "customer",
        "agent_id": "9003",
        "agent_name": "Lucía Ejemplo",
        "queue_id": "1",
        "queue_name": "Demo Ventas",
        "campaign_id": None,
        "wrapup_code": "101",
        "wrapup_name": "Demo venta",
        "cost": "475.50",
        "currency": "COP",
        "attributes": {
            "conn_id": "1773152123.1001",
            "customer_id": "demo-5550100",
            "destiny": "Bogotá Demo",
            "hang_up": "customer",
            "telephone": "3205550100",
            "time_min": "5.28",
            "type_interaction": "inbound",
        },
    }
    assert outbound["direction"] == "outbound"
    assert (outbound["from_number"], outbound["to_e164"]) == (None, "+573205550101")
    assert outbound["started_at"] == "2026-03-11T04:59:59+00:00"  # the day's last second
    assert (outbound["ended_by"], outbound["campaign_id"]) == ("agent", "702")
    assert (outbound["wrapup_code"], outbound["wrapup_name"]) == (None, None)
    assert (found.rejects, found.new_fields, found.is_open) == ([], frozenset(), None)


def test_an_unconnected_call_means_what_a_careful_reader_expects() -> None:
    found = VENDOR.stream("unconnected_calls").normalise(
        records("unconnected_calls"), account("wolkvox")
    )
    first, second = rows(found)["calls"]
    assert first == {
        "grain": "call",
        "direction": "outbound",
        "started_at": "2026-03-10T05:00:00+00:00",
        "ring_s": 8.0,
        "from_number": None,
        "to_number": "3205550102",
        "from_e164": None,
        "to_e164": "+573205550102",
        "disposition": "no_answer",
        "disposition_raw": "No answer",
        "is_final": True,
        "agent_id": "9002",
        "agent_name": "Camilo Ejemplo",
        "campaign_id": "700",
        "attributes": {
            "conn_id": "1773118800.1003",
            "customer_id": "demo-5550102",
            "destiny": "Bogotá Demo",
            "telephone": "3205550102",
            "type_interaction": "outbound_ma",
        },
    }
    assert (second["disposition"], second["ring_s"]) == ("busy", 31.0)
    assert (found.rejects, found.new_fields) == ([], frozenset())


@pytest.mark.parametrize(
    ("kind", "direction"),
    [
        ("inbound", "inbound"),
        ("out_pre", "outbound"),
        ("outbound_ma", "outbound"),
        ("internal call", "internal"),
        ("internal call_inb", "internal"),
        ("internal call_que", "internal"),
        ("conference", "unknown"),
        ("transfer", "unknown"),
        ("hologram", "unknown"),
    ],
)
def test_the_type_of_an_interaction_gives_its_direction(kind: str, direction: str) -> None:
    found = row("calls", type_interaction=kind)
    assert found["direction"] == direction
    assert (found["from_number"] is not None) == (direction == "inbound")
    assert (found["to_number"] is not None) == (direction == "outbound")
    assert found["attributes"]["telephone"] == "3205550100"


@pytest.mark.parametrize(
    ("result", "disposition"),
    [
        ("Cancel", "canceled"),
        ("Chanunavail", "failed"),
        ("Congestion", "failed"),
        ("Busy", "busy"),
        ("No answer", "no_answer"),
        ("Tcpa", "blocked"),
        ("Do not call", "blocked"),
        ("Lost", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_result_gives_the_disposition(result: str, disposition: str) -> None:
    found = row("unconnected_calls", result=result)
    assert (found["disposition"], found["disposition_raw"]) == (disposition, result or None)


@pytest.mark.parametrize(
    ("hang_up", "ended_by"),
    [("agent", "agent"), ("customer", "customer"), ("robot", "unknown"), ("", None)],
)
def test_who_ended_a_call(hang_up: str, ended_by: str | None) -> None:
    assert row("calls", hang_up=hang_up)["ended_by"] == ended_by


def test_a_value_that_nobody_listed_is_told() -> None:
    found = facts("calls", {"type_interaction": "hologram", "hang_up": "robot"})
    assert found.new_fields == {"type_interaction=hologram", "hang_up=robot"}


def test_a_new_field_of_the_totals_is_kept_and_told() -> None:
    found = facts("agent_usage", {"team": "A"})
    assert found.new_fields == {"team"}
    assert rows(found)["agent_usage"][0]["attributes"] == {"team": "A"}


def test_a_late_wrap_up_code_is_the_same_call() -> None:
    stream: Any = VENDOR.stream("calls")
    call = records("calls")[1]
    late = call | {"cod_act": "TIMEOUTACW", "description_cod_act": "Demo tarde"}
    assert stream.key(call) == stream.key(late)
    assert stream.settle == timedelta(days=3)
    ((found,),) = rows(stream.normalise([late], account("wolkvox"))).values()
    assert (found["wrapup_code"], found["wrapup_name"]) == ("TIMEOUTACW", "Demo tarde")


@pytest.mark.parametrize("field", ["conn_id", "agent_id", "type_interaction", "date"])
def test_a_call_is_known_by_four_fields(field: str) -> None:
    stream: Any = VENDOR.stream("calls")
    call = records("calls")[0]
    assert stream.key(call | {field: "another"}) != stream.key(call)
    assert stream.key(call | {field: ""}) is None


@pytest.mark.parametrize("nobody", [None, "", " "])
def test_an_unconnected_call_may_have_no_agent(nobody: str | None) -> None:
    stream: Any = VENDOR.stream("unconnected_calls")
    call = records("unconnected_calls")[0] | {"agent_id": nobody, "agent_name": nobody}
    assert stream.key(call) == "1773118800.1003//outbound_ma/2026-03-10 00:00:00"
    assert stream.key(call | {"agent_id": ["9002"]}) is None
    assert facts("unconnected_calls", {"agent_id": nobody}).rejects == []


@pytest.mark.parametrize("text", ["10/03/2026 09:15", "2026-03-10T09:15:23", "20260310091523", ""])
def test_a_date_in_another_form_is_rejected(text: str) -> None:
    assert [reject.field for reject in facts("calls", {"date": text}).rejects] == ["date"]


def test_a_cost_keeps_its_digits_and_has_no_currency_unless_the_account_says() -> None:
    assert row("calls", cost="0.10")["cost"] == "0.10"
    assert row("calls", cost="0.10")["currency"] is None
    found = facts("calls", {"cost": "1,50"}, {"cost": "N/A"})
    assert found.faults == {0: {"cost": "expected a number"}, 1: {"cost": NO_VALUE}}
    assert [(row["cost"], row["currency"]) for row in rows(found)["calls"]] == [(None, None)] * 2


CLOCKS = {"00:00:20": 20, "00:01:07": 67, "1:02:03": 3723, "02:05": 125, "67": 67, "": None}


@pytest.mark.parametrize(("text", "seconds"), CLOCKS.items())
def test_a_duration_may_be_a_clock(text: str, seconds: float | None) -> None:
    call = row("calls", time_seg=text)
    assert (call["duration_s"], call["talk_s"]) == (seconds, seconds)
    assert row("unconnected_calls", ring_time=text)["ring_s"] == seconds
    assert facts("calls", {"time_seg": text}).faults == {}


def test_a_clock_that_no_clock_shows_is_null_and_noted() -> None:
    found = facts("unconnected_calls", {"ring_time": "00:61:00"})
    assert rows(found)["calls"][0]["ring_s"] is None
    assert list(found.faults[0]) == ["ring_time"]


@each_stream
def test_a_day_is_one_request(read: Read, asked: Any, stream: str) -> None:
    (page,) = read(stream)
    assert page.records == records(stream)
    assert page.total == 2
    end = "20260310235959" if stream == "agent_usage" else "20260311000000"
    assert asked() == [(REPORTS[stream], "20260310000000", end)]


@pytest.mark.parametrize(("calls", "is_agent"), [("38", False), ("39", True)])
def test_a_row_that_sums_up_the_others_is_no_agent(
    read: Read, tenant: Tenant, calls: str, is_agent: bool
) -> None:
    row = {"agent_name": "TOTAL", "calls": calls, "cost": "12845.50"}
    tenant.put([row], report="cdr_2", day=DAY)
    (page,) = read("agent_usage")
    names = [record["agent_name"] for record in page.records]
    assert ("TOTAL" in names) == is_agent
    assert page.total == len(names) == 2 + is_agent
    assert page.remark == (None if is_agent else "a row of all agents' totals was left out")


def test_one_request_may_span_a_month(read: Read, asked: Any) -> None:
    days = tuple(date(2026, 3, 1) + timedelta(days=n) for n in range(31))
    window = Window.of_days(days, ZONE, AFTERWARDS)
    read("calls", window)
    assert asked() == [("cdr_1", "20260301000000", "20260401000000")]
    assert VENDOR.limits.max_window_days == 31
    spanning = {s.name: getattr(s, "spans_days", None) for s in VENDOR.streams}
    assert spanning == {"agent_usage": False, "calls": True, "unconnected_calls": True}


def test_totals_are_asked_for_from_midnight_whatever_the_window(read: Read, asked: Any) -> None:
    noon = datetime(2026, 3, 10, 17, tzinfo=UTC)
    read("agent_usage", Window(noon, noon + timedelta(minutes=5), ZONE))
    assert asked() == [("cdr_2", "20260310000000", "20260310120459")]
    with pytest.raises(ValueError, match="more than one business day"):
        read("agent_usage", Window(noon, noon + timedelta(days=1), ZONE))


def test_an_hour_that_comes_twice_is_asked_for_whole(read: Read, asked: Any) -> None:
    """New York's clocks went back from 2:00 to 1:00 on 1 November 2026."""
    start = datetime(2026, 11, 1, 5, 50, tzinfo=UTC)  # 1:50 the first time
    window = Window(start, start + timedelta(minutes=20), NEW_YORK)  # 1:10 the second time
    read("calls", window, timezone=NEW_YORK)
    assert asked() == [("cdr_1", "20261101005000", "20261101021000")]
    day = Window.of_days((date(2026, 11, 1),), NEW_YORK, datetime(2026, 12, 1, tzinfo=UTC))
    assert [f"{t:%d %H:%M:%S}" for t in day.wall_times] == ["01 00:00:00", "01 23:59:59"]


@each_stream
def test_an_empty_window_is_empty(read: Read, vendors: StandIn, stream: str) -> None:
    (page,) = read(stream, Window.of_days((date(2026, 3, 8),), ZONE, AFTERWARDS))
    assert (page.records, page.total) == ([], None)
    assert vendors.requests[-1].status == 404


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


@pytest.mark.parametrize(
    ("base_url", "server"),
    [
        ("https://wv0012.wolkvox.com", "0012"),
        ("https://wv0012.wolkvox.com/some/path", "0012"),
        ("http://127.0.0.1:8000/wolkvox/demo", None),
    ],
)
def test_the_server_is_named_as_in_the_documents_sample(base_url: str, server: str | None) -> None:
    with client(account("wolkvox", base_url=base_url)) as wolkvox:
        headers = wolkvox._server()
    assert headers == ({"wolkvox_server": server} if server else {})


def test_the_documents_limits_are_declared() -> None:
    limits = VENDOR.limits
    assert (limits.concurrency, limits.min_interval_s, limits.timeout_s) == (1, 300, 60)
    assert limits.max_bytes == 256 * 1024 * 1024
    assert VENDOR.requests_per_license == 1000
    assert VENDOR.poll_every == timedelta(minutes=5)
    assert all("document" in s or "APIs Reports Manager" in s for s in limits.sources.values())
