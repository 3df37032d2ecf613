"""What Evolux' calls mean."""

from typing import Any

import pytest

from resources.vendor_api.values import NO_VALUE
from tests.unit.evolux.conftest import (
    CALLS,
    facts,
    stream,
)
from tests.unit.helpers import account, expected, rows


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
        ({"who_hangup": "user", "system_hangup_reason": None}, "unknown", "unknown"),
        ({"who_hangup": "Caller", "system_hangup_reason": None}, "abandoned", "customer"),
        ({"exit_reason": "Hangup ", "who_hangup": "System"}, "ivr_contained", "system"),
        ({"system_hangup_reason": "HANGUP_TASK"}, "ivr_contained", "system"),
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


def test_an_end_before_the_start_is_none_and_noted() -> None:
    found = facts({"end_time": "2020-01-12T00:00:00+00:00"})
    [row] = rows(found)["calls"]
    assert (row["ended_at"], row["is_final"]) == (None, True)
    assert found.faults == {0: {"end_time": "the end is before the start"}}


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
