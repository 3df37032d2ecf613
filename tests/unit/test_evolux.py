"""Evolux as `API - Relatório - Histórico de Chamadas - Studio` describes it."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from resources.errors import ContractError, PermanentError, RecordError, ThrottledError, VendorError
from resources.standin import Fault, StandIn, Tenant
from resources.text.redact import mask_requests
from resources.vendor_api.values import NO_VALUE
from resources.vendor_api.vendor import DetailStream, Facts, Page, Parent, Stream
from resources.vendors import discover
from resources.windows import Window
from tests.unit.helpers import Grants, account, account_of, client, expected, rows, sample

ZONE = ZoneInfo("America/Sao_Paulo")
DAY = date(2020, 1, 12)
AFTERWARDS = datetime(2020, 2, 1, tzinfo=UTC)
WINDOW = Window.of_days((DAY,), ZONE, AFTERWARDS)
CALLS: list[dict[str, Any]] = sample("evolux/studio_calls.200.sample.json")["data"]
DETAIL: dict[str, Any] = sample("evolux/studio_calls_cdr.200.sample.json")["data"]
PARENT = Parent("1", datetime.fromtimestamp(DETAIL["enter_time_epoch"], UTC))


def stream(name: str = "calls") -> Any:
    return discover()["evolux"].stream(name)


def facts(*changes: dict[str, Any]) -> Facts:
    """The sample's hang-up, changed in as many ways."""
    result: Facts = stream().normalise([CALLS[1] | change for change in changes], account("evolux"))
    return result


def steps(*details: dict[str, Any]) -> Facts:
    result: Facts = stream("call_details").normalise(details, account("evolux"))
    return result


def call(number: int, started: datetime, **changes: Any) -> dict[str, Any]:
    ended = started + timedelta(seconds=59)
    times = {"start_time": started.isoformat(), "end_time": ended.isoformat()}
    return CALLS[1] | {"id": number, "uuid": str(number)} | times | changes


@pytest.fixture
def tenant(vendors: StandIn) -> Tenant:
    """A tenant with 120 calls on the day."""
    tenant = vendors.tenant("evolux", "test-br")
    tenant.put([call(n, WINDOW.start + timedelta(minutes=10 * n)) for n in range(120)])
    return tenant


@pytest.fixture
def grants() -> Grants:
    return Grants()


@pytest.fixture
def read(vendors: StandIn, tenant: Tenant, grants: Grants) -> Callable[[Window], list[Page]]:
    def pages(window: Window = WINDOW) -> list[Page]:
        with client(account_of(vendors, tenant), grants=grants) as evolux:
            return list(stream().read(evolux, window))

    return pages


@pytest.fixture
def read_detail(vendors: StandIn, tenant: Tenant) -> Callable[[], Page]:
    def page() -> Page:
        with client(account_of(vendors, tenant), "call_details") as evolux:
            result: Page = stream("call_details").read(evolux, PARENT)
            return result

    return page


Read = Callable[..., list[Page]]


# What a record means.


def test_the_documents_calls_are_what_a_careful_reader_expects() -> None:
    found = stream().normalise(CALLS, account("evolux"))
    assert rows(found) == expected("evolux/studio_calls.sample.json")
    assert (found.rejects, found.new_fields) == ([], frozenset())
    assert [stream().key(record) for record in CALLS] == ["2", "1"]


@pytest.mark.parametrize(
    ("changes", "disposition", "ended_by"),
    [
        ({"exit_reason": "transfer", "who_hangup": None}, "transferred", None),
        ({"who_hangup": "system"}, "ivr_contained", "system"),
        ({"who_hangup": "system", "system_hangup_reason": "no_credit"}, "unknown", "system"),
        ({"who_hangup": "caller", "system_hangup_reason": None}, "abandoned", "customer"),
        ({"who_hangup": "caller", "exit_reason": "transfer"}, "transferred", "customer"),
        ({"who_hangup": None, "system_hangup_reason": None}, "ivr_contained", None),
        ({"exit_reason": "voicemail", "who_hangup": "robot"}, "unknown", "unknown"),
        ({"exit_reason": None}, "unknown", "system"),
        ({"exit_reason": None, "end_time": None, "who_hangup": None}, "in_progress", None),
    ],
)
def test_how_a_call_ended(changes: dict[str, Any], disposition: str, ended_by: str | None) -> None:
    [row] = rows(facts(changes))["calls"]
    assert (row["disposition"], row["ended_by"]) == (disposition, ended_by)
    assert row["is_final"] == (disposition != "in_progress")


def test_values_and_fields_that_nobody_has_seen_are_kept_and_told() -> None:
    found = facts({"exit_reason": "voicemail", "sentiment": {"score": 3}})
    assert found.new_fields == {"exit_reason=voicemail", "sentiment"}
    assert rows(found)["calls"][0]["attributes"]["sentiment"] == {"score": 3}


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"id": None}, "id", "missing"),
        ({"start_time": None}, "start_time", "missing"),
        ({"start_time": "yesterday"}, "start_time", "expected a date and time"),
        ({"start_time": ["2020"]}, "start_time", "expected text"),
        ({"start_time": "0001-01-01T00:00:00+00:00"}, "start_time", "before 2000"),
    ],
)
def test_a_broken_call_is_rejected_by_name_and_the_others_are_kept(
    changes: dict[str, Any], field: str, reason: str
) -> None:
    found = facts({}, changes, {})
    [reject] = found.rejects
    assert (reject.index, reject.field) == (1, field)
    assert reason in reject.reason
    assert list(found.tables["calls"].index) == [0, 2]


@pytest.mark.parametrize(
    ("changes", "field", "reason", "column"),
    [
        ({"end_time": "9999-12-31T23:59:59+00:00"}, "end_time", "in the future", "ended_at"),
        ({"end_time": "0000-00-00 00:00:00"}, "end_time", NO_VALUE, "ended_at"),
        ({"duration": "a minute"}, "duration", "expected a number", "duration_s"),
        ({"duration": -2}, "duration", "can't be negative", "duration_s"),
        ({"duration": -1}, "duration", NO_VALUE, "duration_s"),
        ({"duration": 2**70}, "duration", "beyond a bigint", "duration_s"),
        ({"caller": {"number": "600"}}, "caller", "expected text", "from_number"),
        ({"call_flow": "Test"}, "call_flow", "expected an object", "flow_id"),
        ({"call_flow": {"name": ["Test"]}}, "call_flow.name", "expected text", "flow_name"),
    ],
)
def test_a_value_that_cannot_be_read_costs_its_field(
    changes: dict[str, Any], field: str, reason: str, column: str
) -> None:
    found = facts({}, changes, {})
    assert found.rejects == []
    assert list(found.faults) == [1]
    assert reason in found.faults[1][field]
    assert [row[column] is None for row in rows(found)["calls"]] == [False, True, False]


@pytest.mark.parametrize(
    "changes",
    [
        {"who_hangup": ["x"]},
        {"system_hangup_reason": {"a": 1}},
        {"exit_reason": [1]},
    ],
)
def test_what_became_of_a_call_is_unknown_where_it_cannot_be_read(changes: dict[str, Any]) -> None:
    [row] = rows(facts(changes))["calls"]
    assert (row["disposition"], row["is_final"]) == ("unknown", True)


def test_an_end_that_cannot_be_read_is_an_end() -> None:
    [row] = rows(facts({"end_time": "late", "exit_reason": None}))["calls"]
    assert (row["disposition"], row["is_final"], row["ended_at"]) == ("unknown", True, None)


def test_new_fields_beside_mapped_ones_are_kept_and_told() -> None:
    found = facts(
        {"call_flow": {"id": 1, "name": "x", "version": 7}, "project": {"id": 1, "team": "A"}}
    )
    assert found.new_fields == {"call_flow.version", "project.team"}
    attributes = rows(found)["calls"][0]["attributes"]
    assert attributes["call_flow"] == {"version": 7}
    assert attributes["project"] == {"id": 1, "team": "A"}


def test_a_number_as_text_is_a_number_and_a_missing_field_is_null() -> None:
    [row] = rows(facts({"duration": "59", "call_flow": None, "caller": 600}))["calls"]
    assert (row["duration_s"], row["flow_id"], row["from_number"]) == (59.0, None, "600")


# What is asked.


def test_pages_are_counted_up_over_a_closed_window_in_utc(
    tenant: Tenant, read: Read, grants: Grants, vendors: StandIn
) -> None:
    tenant.put([call(500, WINDOW.start - timedelta(seconds=1)), call(501, WINDOW.end)])
    tenant.put([call(502, WINDOW.end - timedelta(seconds=1))])
    pages = read()
    ids = [record["id"] for page in pages for record in page.records]
    assert sorted(ids) == [*range(120), 502]
    assert [(len(page.records), page.total) for page in pages] == [(50, 121), (50, 121), (21, 121)]
    asked = [parse_qs(urlsplit(outcome.url or "").query) for outcome in grants.outcomes]
    assert asked == [
        {
            "start_date": ["2020-01-12T03:00:00+00:00"],
            "end_date": ["2020-01-13T02:59:59.999999+00:00"],
            "page": [str(page)],
            "limit": ["50"],
        }
        for page in (1, 2, 3)
    ]
    assert [outcome.records for outcome in grants.outcomes] == [50, 50, 21]
    assert vendors.breaches == []


def test_an_empty_window_is_one_page_without_records(tenant: Tenant, read: Read) -> None:
    tenant.clear()
    [page] = read()
    assert (page.records, page.total) == ([], 0)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault.query(start_date=None, end_date=None), "asked for start_date="),
        (Fault.query(end_date=None), "asked for end_date="),
        (Fault.query(page="2"), "asked for page=1, the vendor read 2"),
        (Fault.add(call(900, WINDOW.end + timedelta(seconds=1))), "the vendor ignored the dates"),
    ],
    ids=["no dates", "no end", "another page", "a row outside"],
)
def test_an_answer_to_another_question_fails_the_window_after_its_page(
    tenant: Tenant, vendors: StandIn, fault: Fault, message: str
) -> None:
    tenant.arm(fault)
    with client(account_of(vendors, tenant)) as evolux:
        pages = stream().read(evolux, WINDOW)
        assert isinstance(next(pages), Page)
        with pytest.raises(ContractError, match=message):
            next(pages)


def test_a_total_that_is_too_large_ends_with_an_empty_page(tenant: Tenant, read: Read) -> None:
    tenant.arm(Fault.total(10**12), times=99)
    pages = read()
    assert [len(page.records) for page in pages] == [50, 50, 20, 0]
    assert {page.total for page in pages} == {10**12}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.total(None), ContractError),
        (Fault.html(), ContractError),
        (Fault.body(b'{"data": []}'), ContractError),
        (Fault.body(b'{"meta": {"status": 200}, "data": {}}'), ContractError),
        (Fault.body(b'{"meta": {"status": 401}}'), PermanentError),
        (Fault.body(b'{"meta": {"status": 429}}'), ThrottledError),
        (Fault.status(401, payload={"meta": {"status": 401}}), PermanentError),
        (Fault.status(404, payload={"meta": {"status": 404}}), ContractError),
        (Fault.redirect("https://elsewhere.example/"), ContractError),
    ],
)
@pytest.mark.usefixtures("once")
def test_both_statuses_and_the_envelope_are_checked(
    tenant: Tenant, read: Read, fault: Fault, error: type[VendorError]
) -> None:
    tenant.arm(fault)
    with pytest.raises(error):
        read()


def test_an_array_among_the_calls_is_passed_on(tenant: Tenant, read: Read) -> None:
    tenant.arm(Fault.array_record())
    assert isinstance(next(iter(read()[0].records)), list)


# The steps of a call.


def test_the_documents_detail_becomes_its_steps() -> None:
    found = steps(stream("call_details").redact(DETAIL))
    assert rows(found) == expected("evolux/studio_calls_cdr.sample.json")
    assert (found.started_at, found.rejects, found.new_fields) == (None, [], frozenset())


def test_steps_under_numbered_keys_are_a_list() -> None:
    numbered = {str(2 * n): task for n, task in enumerate(DETAIL["executed_tasks"])}
    found = steps(DETAIL, DETAIL | {"executed_tasks": numbered})
    assert found.rejects == []
    assert list(found.tables["call_events"]["position"]) == [1, 2, 3] * 2


def test_a_looping_flow_repeats_a_task_and_every_row_knows_its_record() -> None:
    loop = DETAIL | {"executed_tasks": DETAIL["executed_tasks"][:1] * 2}
    found = steps(DETAIL, DETAIL | {"executed_tasks": []}, loop)
    frame = found.tables["call_events"]
    assert list(frame.index) == [0, 0, 0, 2, 2]
    assert list(frame["position"]) == [1, 2, 3, 1, 2]
    assert frame["task_id"].nunique() == 3


@pytest.mark.parametrize(
    ("tasks", "reason"),
    [(None, "missing"), ({"a": {}}, "list of objects"), ("start", "list of objects")],
)
def test_a_detail_without_its_steps_is_rejected(tasks: Any, reason: str) -> None:
    found = steps(DETAIL | {"executed_tasks": tasks}, DETAIL)
    [reject] = found.rejects
    assert (reject.index, reject.field) == (0, "executed_tasks")
    assert reason in reject.reason
    assert list(found.tables["call_events"].index) == [1, 1, 1]


@pytest.mark.parametrize(
    ("task", "field", "reason"),
    [
        ("start", "", "list of objects"),
        ({"start_time_epoch": "noon"}, ".start_time_epoch", "a number"),
        ({"end_time_epoch": 9e10}, ".end_time_epoch", "in the future"),
        ({"end_time_epoch": 0}, ".end_time_epoch", NO_VALUE),
        ({"task_raw_params": "x"}, ".task_raw_params", "an object"),
        ({"task_name": ["x"]}, ".task_name", "expected text"),
    ],
)
def test_a_step_that_cannot_be_read_costs_its_field(task: Any, field: str, reason: str) -> None:
    tasks = [*DETAIL["executed_tasks"][:1], task, *DETAIL["executed_tasks"][:1]]
    found = steps(DETAIL, DETAIL | {"executed_tasks": tasks})
    assert found.rejects == []
    assert list(found.faults) == [1]
    assert reason in found.faults[1][f"executed_tasks{field}"]
    events = found.tables["call_events"]
    assert list(events.index) == [0, 0, 0, 1, 1, 1]
    assert list(events["position"]) == [1, 2, 3] * 2
    assert list(events["started_at"].notna()) == [True, True, True, True, False, True]


def test_an_unknown_field_of_a_detail_or_a_step_is_told() -> None:
    detail = deepcopy(DETAIL) | {"mood": "good"}
    detail["executed_tasks"][0]["retries"] = 2
    found = steps(detail)
    assert found.new_fields == {"mood", "executed_tasks.retries"}
    assert list(found.tables["call_events"]["attributes"]) == [{"retries": 2}, None, None]


def test_nothing_that_a_flow_sends_elsewhere_is_stored() -> None:
    detail = deepcopy(DETAIL)
    detail["executed_tasks"][1]["task_raw_params"] = {
        "url": "https://user:hunter2@crm.example/find?id=hunter2&api_key=hunter2#top",
        "auth": ["user", "hunter2"],
        "headers": [{"name": "X-Anything", "value": "hunter2"}],
        "params": {"q": "hunter2"},
        "data": "name=hunter2",
        "json": {"deep": [{"er": "hunter2"}]},
        "settings": {"client_secret": "hunter2"},
        "timeout": 30,
        "verify": True,
        "method": "GET",
    }
    masked = mask_requests(detail)
    assert "hunter2" not in str(masked)
    params = masked["executed_tasks"][1]["task_raw_params"]
    assert params["url"] == "https://***@crm.example/find?id=***&api_key=***#top"
    assert (params["timeout"], params["verify"], params["method"]) == (30, True, "GET")
    assert params["params"] == {"q": "***"}
    assert masked["executed_tasks"][0] == DETAIL["executed_tasks"][0]
    assert {**masked, "executed_tasks": 0} == {**DETAIL, "executed_tasks": 0}


def test_a_detail_is_one_record(tenant: Tenant, read_detail: Callable[[], Page]) -> None:
    tenant.put_detail(1, DETAIL)
    assert read_detail().records == [DETAIL]


def test_a_detail_of_another_call_is_refused(
    tenant: Tenant, read_detail: Callable[[], Page]
) -> None:
    tenant.put_detail(1, DETAIL | {"enter_time_epoch": DETAIL["enter_time_epoch"] + 7200})
    with pytest.raises(RecordError, match="got that of one of 2020-01-29 21:59"):
        read_detail()


def test_steps_that_are_not_there_yet_are_asked_for_again(vendors: StandIn, tenant: Tenant) -> None:
    tenant.put_detail(1, {"executed_tasks": []})
    now = datetime.now(UTC)
    with client(account_of(vendors, tenant), grants=Grants()) as evolux:
        assert evolux.call_detail(Parent("1", now - timedelta(minutes=5))).records == []
        later = evolux.call_detail(Parent("1", now - timedelta(hours=2)))
    assert later.records == [{"executed_tasks": []}]


@pytest.mark.parametrize(
    "fault", [None, Fault.body(b'{"meta": {"status": 404, "message": "Not found"}}')]
)
def test_a_detail_that_is_not_there_yet_is_no_record(
    tenant: Tenant, read_detail: Callable[[], Page], fault: Fault | None
) -> None:
    if fault:
        tenant.put_detail(1, DETAIL)
        tenant.arm(fault)
    assert read_detail().records == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.status(404), ContractError),
        (Fault.body(b'{"meta": {"status": 200}, "data": ["hunter2"]}'), ContractError),
        (Fault.body(b'{"data": {"auth": "hunter2"'), ContractError),
        (Fault.body(b'{"meta": {"status": 401}}'), PermanentError),
    ],
)
def test_a_broken_detail_is_an_error_that_quotes_nothing(
    tenant: Tenant, read_detail: Callable[[], Page], fault: Fault, error: type[VendorError]
) -> None:
    tenant.put_detail(1, DETAIL)
    tenant.arm(fault)
    with pytest.raises(error) as caught:
        read_detail()
    assert "hunter2" not in f"{caught.value} {vars(caught.value)}"


def test_a_key_stays_within_its_place_in_the_path(vendors: StandIn, tenant: Tenant) -> None:
    grants = Grants()
    with client(account_of(vendors, tenant), grants=grants) as evolux:
        evolux.call_detail(Parent("../../users?x=", WINDOW.start))
    assert "/studio/calls/..%2F..%2Fusers%3Fx%3D/cdr" in (grants.outcomes[0].url or "")


def test_streams_say_what_they_are() -> None:
    calls, details = discover()["evolux"].streams
    assert isinstance(calls, Stream)
    assert isinstance(details, DetailStream)
    assert (details.of, details.table) == (calls.name, "call_events")
    assert discover()["evolux"].default_streams == ("calls", "call_details")
