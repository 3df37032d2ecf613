"""What records of Wolkvox mean."""

from datetime import timedelta
from typing import Any

import pytest

from resources.vendor_api.values import NO_VALUE
from tests.unit.helpers import account, rows
from tests.unit.wolkvox.conftest import VENDOR, facts, records, row


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
        ("Inbound", "inbound"),
        ("OUT_PRE ", "outbound"),
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
