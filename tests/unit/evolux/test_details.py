"""The steps of Evolux' calls: what they mean, and how they are asked for."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from resources.errors import ContractError, PermanentError, RecordError, VendorError
from resources.standin import Fault, StandIn, Tenant
from resources.text.redact import mask_requests
from resources.vendor_api.values import NO_VALUE
from resources.vendor_api.vendor import DetailStream, Page, Parent, Stream
from resources.vendors import discover
from tests.unit.evolux.conftest import (
    DETAIL,
    WINDOW,
    steps,
    stream,
)
from tests.unit.helpers import Grants, account_of, client, expected, rows


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


def test_a_step_that_ends_before_it_began_has_no_end() -> None:
    task = {"start_time_epoch": 1580327988, "end_time_epoch": 1580327987}
    found = steps(DETAIL | {"executed_tasks": [task]})
    assert found.tables["call_events"]["ended_at"].isna().all()
    assert found.faults == {0: {"executed_tasks.end_time_epoch": "the end is before the start"}}


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
