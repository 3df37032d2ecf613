"""What a recording of Vono means."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from resources.standin import StandIn
from resources.vendor_api.values import NO_VALUE
from tests.unit.helpers import account, expected, rows
from tests.unit.vono.conftest import RECORDS, facts, stream


def test_the_documents_recording_is_what_a_careful_reader_expects() -> None:
    found = facts({})
    assert rows(found) == expected("vono/recording.sample.json")
    assert (found.rejects, found.new_fields) == ([], frozenset())
    assert stream().key(RECORDS[0]) == "3/1976"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("267,86 Kb", 274_289),
        ("333,95 Mb", 350_171_955),
        ("1.024,5 Kb", 1_049_088),
        ("1.486 Kb", 1_521_664),
        ("0 Kb", 0),
        ("17 b", 17),
        ("2 GB", 2_147_483_648),
        ("", None),
        (None, None),
    ],
)
def test_a_size_has_a_decimal_comma_and_units_of_1024(text: str | None, size: int | None) -> None:
    [row] = rows(facts({"size": text}))["recordings"]
    assert (row["size_bytes"], row["size_raw"]) == (size, text or None)


@pytest.mark.parametrize("number", ["sup11999482052", "9003", "anonymous", "(unknown)"])
def test_only_a_whole_phone_number_is_one(number: str) -> None:
    [row] = rows(facts({"source": number, "destination": "11999482052"}))["calls"]
    assert (row["from_number"], row["from_e164"]) == (number, None)
    assert row["to_e164"] == "+5511999482052"


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"record_id": None}, "record_id", "missing"),
        ({"customer_id": []}, "customer_id", "expected text"),
        ({"calldate": None}, "calldate", "missing"),
        ({"calldate": "14/03/2018 14:03"}, "calldate", "expected a date and time"),
        ({"calldate": "0000-00-00 00:00:00"}, "calldate", "expected a date and time"),
        ({"calldate": "1970-01-01 00:00:00"}, "calldate", "before 2000"),
    ],
)
def test_a_broken_recording_is_rejected_by_name_and_the_others_are_kept(
    changes: dict[str, Any], field: str, reason: str
) -> None:
    found = facts({}, changes, {})
    [reject] = found.rejects
    assert (reject.index, reject.field) == (1, field)
    assert reason in reject.reason
    assert {tuple(frame.index) for frame in found.tables.values()} == {(0, 2)}


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"duration": "1 min"}, "duration", "expected a number"),
        ({"duration": -1}, "duration", NO_VALUE),
        ({"source": {"ext": "9001"}}, "source", "expected text"),
        ({"size": "267.86 Kb"}, "size", "expected a size"),
        ({"size": "big"}, "size", "expected a size"),
        ({"size": 274289}, "size", "expected a size"),
        ({"size": f"{'9' * 400} Gb"}, "size", "expected a size"),
        ({"size": "N/A"}, "size", NO_VALUE),
    ],
)
def test_a_value_that_cannot_be_read_costs_its_field(
    changes: dict[str, Any], field: str, reason: str
) -> None:
    found = facts({}, changes, {})
    assert found.rejects == []
    assert list(found.faults) == [1]
    assert reason in found.faults[1][field]
    columns = {"duration": "duration_s", "source": "from_number", "size": "size_bytes"}
    shown = [row[columns[field]] for row in rows(found)["recordings"]]
    assert [value is None for value in shown] == [False, True, False]


def test_an_unknown_field_is_kept_and_told() -> None:
    found = facts({"mood": "good"})
    assert found.new_fields == {"mood"}
    assert rows(found)["calls"][0]["attributes"] == {
        "customer_id": 3,
        "clid": "sup9001",
        "mood": "good",
    }


def test_wall_times_are_the_accounts(vendors: StandIn) -> None:
    manaus = account("vono", timezone=ZoneInfo("America/Manaus"))
    [row] = rows(stream().normalise(RECORDS, manaus))["recordings"]
    assert row["started_at"] == "2018-03-14T18:03:46+00:00"
