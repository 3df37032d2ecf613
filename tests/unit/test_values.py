"""What one value says, and what a field makes of it."""

import math
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

import sql
from resources.text import payload
from resources.vendor_api.dates import shown_at
from resources.vendor_api.normalise import MOST_LEFT_OUT, Columns
from resources.vendor_api.record_keys import key_of
from resources.vendor_api.sizes import CUT, LARGEST_OBJECT, LEFT_OUT, LONGEST_TEXT
from resources.vendor_api.values import NO_VALUE, clock_seconds, is_missing, is_no_date, is_no_value
from tests.unit.helpers import account

CLOCKS = {
    "00:00:20": 20, "00:01:07": 67, "1:02:03": 3723, "02:05": 125, "0:00": 0, "75:10": 4510,
    "100:00:00": 360_000, " 00:00:20 ": 20, "00:00:20.5": 20.5,
}  # fmt: skip
NO_CLOCKS = ["00:61:00", "00:00:61", "00:75", "1:2", "-00:00:01", "20:", ":20", "1:02:03:04",
             "1h", "00:00:20 h"]  # fmt: skip


def columns(*values: Any) -> Columns:
    """One field of as many records."""
    return Columns([{"field": value} for value in values], account("conpeek"))


def found(column: Any) -> list[Any]:
    """With None for what is missing."""
    return [None if pd.isna([value])[0] else value for value in column.tolist()]


def faults(read: Columns) -> dict[int, str]:
    """The reason by record."""
    facts = read.facts(None, {})
    assert facts.rejects == []
    return {index: reasons["field"] for index, reasons in facts.faults.items()}


@pytest.mark.parametrize(("text", "seconds"), CLOCKS.items())
def test_a_clock_is_seconds(text: str, seconds: float) -> None:
    assert clock_seconds(text) == seconds


@pytest.mark.parametrize("text", NO_CLOCKS)
def test_what_is_no_clock(text: str) -> None:
    assert math.isnan(clock_seconds(text))


def test_a_duration_is_seconds_or_a_clock_in_any_mixture() -> None:
    read = columns("67", "00:01:07", 67.5, "", None, [], {}, " ", "00:61:00", -1, "-1", -2, "N/A")
    assert found(read.seconds("field")) == [67, 67, 67.5] + [None] * 10
    assert faults(read) == {
        8: "expected a number of seconds, MM:SS or HH:MM:SS",
        9: NO_VALUE,
        10: NO_VALUE,
        11: "a duration can't be negative",
        12: NO_VALUE,
    }


def test_a_clock_beside_milliseconds_is_no_milliseconds() -> None:
    assert found(columns(67_000, "00:01:07").seconds("field", 1000)) == [67, 67]


@pytest.mark.parametrize("value", [None, "", " ", "\t", [], {}])
def test_missing_is_null_without_a_word(value: Any) -> None:
    assert is_missing(value)
    for kind in ("text", "number", "integer", "decimal", "seconds", "boolean", "instant", "epoch"):
        read = columns(value, value)
        assert found(getattr(read, kind)("field")) == [None, None], kind
        assert faults(read) == {}, kind


@pytest.mark.parametrize("value", ["null", "N/A", "n/a", "-", "--", " NULL ", "unknown", "NaN"])
def test_a_placeholder_is_null_and_noted_as_one(value: str) -> None:
    assert is_no_value(value)
    for kind in ("number", "integer", "decimal", "seconds", "boolean", "instant", "epoch"):
        read = columns(value)
        assert found(getattr(read, kind)("field")) == [None], kind
        assert faults(read) == {0: NO_VALUE}, kind
    assert found(columns(value).text("field")) == [value], "of a text it is one"


@pytest.mark.parametrize(
    "value",
    ["0000-00-00 00:00:00", "0000-00-00", "0000/00/00 00:00:00 -0300", "0000-00-00T00:00:00Z",
     "0001-01-01T00:00:00+00:00", "1900-01-01", "1970-01-01T00:00:00Z", "1969-12-31 21:00:00",
     0, "0", -1],
)  # fmt: skip
def test_a_date_of_nothing_is_a_placeholder(value: Any) -> None:
    assert is_no_date(value)
    read = columns(value, "2026-03-10T09:00:00Z")
    assert found(read.instant("field").isna()) == [True, False]
    assert faults(read) == {0: NO_VALUE}


def test_an_epoch_of_nothing_is_a_placeholder() -> None:
    read = columns(0, -1, "0", 1580327988, "noon", 5)
    assert found(read.epoch("field").notna()) == [False, False, False, True, False, False]
    assert faults(read) == {
        0: NO_VALUE,
        1: NO_VALUE,
        2: NO_VALUE,
        4: "expected a number",
        5: "the date is before 2000 or in the future",
    }


def test_the_future_begins_when_the_vendor_showed_it() -> None:
    """By the database's clock, as everything; this host's says nothing."""
    given = ["2051-03-10T09:00:00Z", "2051-03-13T09:00:00Z", "1999-03-10T09:00:00Z"]
    with shown_at(datetime(2051, 3, 10, 8, tzinfo=UTC)):
        read = columns(*given)
        assert found(read.instant("field").notna()) == [True, False, False]
    assert set(faults(read)) == {1, 2}
    with shown_at(datetime(2001, 3, 10, 8, tzinfo=UTC)):
        assert found(columns("2001-03-13T09:00:00Z").instant("field").isna()) == [True]


@pytest.mark.parametrize("text", ["now", "today"])
def test_a_text_of_this_moment_is_no_date(text: str) -> None:
    said = "expected a date and time"
    for given in ((text,), (text, "2026-03-10 09:00:00", None)):
        for form in ("instant", "local"):
            read = columns(*given)
            dates = getattr(read, form)("field", "%Y-%m-%d %H:%M:%S")
            assert found(dates.notna()) == [one not in (text, None) for one in given]
            assert faults(read) == {0: said}


def test_a_batch_without_records_has_no_values() -> None:
    for kind in ("text", "number", "integer", "seconds", "boolean", "object", "instant", "epoch"):
        assert found(getattr(columns(), kind)("field")) == []
    assert found(columns().local("field", "%Y-%m-%d %H:%M:%S")) == []


def test_money_keeps_its_digits_or_is_null() -> None:
    kept = ["0.10", "12345678901234567.890123456789", "-1", 5, "1e3", " 7.50 "]
    read = columns(*kept, "1,50", "1e-9999", "0." + "1" * 2000, "$5", True)
    assert found(read.decimal("field")) == [str(value).strip() for value in kept] + [None] * 5
    assert sorted(faults(read)) == [6, 7, 8, 9, 10]


def test_what_a_field_needs_rejects_its_record_whatever_is_wrong() -> None:
    wrong: list[Any] = [None, "", " ", [], {"a": 1}, "0000-00-00 00:00:00", "N/A", "noon", 0]
    read = columns("2026-03-10 09:00:00", *wrong)
    read.instant("field", "%Y-%m-%d %H:%M:%S", required=True)
    facts = read.facts(None, {})
    assert [reject.index for reject in facts.rejects] == list(range(1, 10))
    assert facts.faults == {}


def test_half_a_character_is_replaced_in_its_text() -> None:
    assert found(columns("Ana \ud83d", "a\x00b", "José").text("field")) == ["Ana �", "a�b", "José"]
    assert key_of("field")({"field": "Ana \ud83d"}) == "Ana �"


@pytest.mark.parametrize(
    ("value", "dash", "key"),
    [
        (" 12 ", None, "12"),
        (12.0, None, "12"),
        ("012", None, "012"),
        ("0AF7651916CD43DD8448EB211C80319C", None, "0af7651916cd43dd8448eb211c80319c"),
        ("0AF76519-16CD-43DD-8448-EB211C80319C", None, "0af76519-16cd-43dd-8448-eb211c80319c"),
        ("0AF76519-16CD-43DD-8448-EB211C80319C", "", "0af7651916cd43dd8448eb211c80319c"),
        ("0af76519-16cd-43dd-8448-eb211c80319c", "", "0af7651916cd43dd8448eb211c80319c"),
        ("0af7651916cd43dd8448eb211c80319c", "", "0af7651916cd43dd8448eb211c80319c"),
        ("0af7651916cd43dd8448eb211c80319c", None, "0af7651916cd43dd8448eb211c80319c"),
        ("0af76519-16cd-43dd-8448-eb211c80319c", "-", "0af76519-16cd-43dd-8448-eb211c80319c"),
        ("0af7651916cd43dd8448eb211c80319c", "-", "0af76519-16cd-43dd-8448-eb211c80319c"),
        ("0af76519-16cd43dd8448eb211c80319c---", "", "0af76519-16cd43dd8448eb211c80319c---"),
        ("ABC", "", "ABC"),
    ],
)
def test_an_id_is_the_same_key_however_it_is_spelt(value: Any, dash: str | None, key: str) -> None:
    assert key_of("field", uuid_dash=dash)({"field": value}) == key


def test_a_value_that_was_not_read_may_mean_anything() -> None:
    read = columns("much", "N/A", "", 5)
    read.seconds("field")
    assert read.unread("field").tolist() == [True, False, False, False]
    assert read.unread("another").tolist() == [False] * 4


@pytest.mark.parametrize("statement", ["load/changed_records", "checks/readable"])
def test_sql_knows_a_placeholder_by_the_same_text(statement: str) -> None:
    assert NO_VALUE in sql.read(statement)


def nested(*records: dict[str, Any]) -> Columns:
    return Columns(records, account("evolux"))


def test_new_fields_beside_a_mapped_one_are_kept_and_told() -> None:
    read = nested({"flow": {"id": 1, "name": "x", "version": 7}}, {"flow": {"id": 2}}, {})
    assert found(read.text("flow.id")) == ["1", "2", None]
    read.text("flow.name")
    assert found(read.rest()) == [{"flow": {"version": 7}}, None, None]
    assert read.facts(None, {}).new_fields == {"flow.version"}


def test_new_fields_of_a_kept_object_are_told_and_its_known_ones_are_not() -> None:
    read = nested({"project": {"id": 1, "mood": "good"}, "form": {"whatever": 1}})
    assert found(read.rest("project.id", "form")) == [
        {"project": {"id": 1, "mood": "good"}, "form": {"whatever": 1}}
    ]
    assert read.facts(None, {}).new_fields == {"project.mood"}


def test_an_object_that_is_none_costs_its_fields_and_is_kept() -> None:
    read = nested({"flow": "Test"}, {"flow": []}, {"flow": None})
    assert found(read.text("flow.id")) == [None, None, None]
    assert found(read.rest())[0] == {"flow": "Test"}
    assert read.facts(None, {}).faults == {0: {"flow": "expected an object"}}


def test_names_that_never_end_are_told_up_to_a_number() -> None:
    read = nested({f"{n}" * 200: n for n in range(200)} | {"flow": {str(n): n for n in range(99)}})
    read.text("flow.id")
    assert len(found(read.rest())[0]) == 201, "all of them are kept"
    new = read.facts(None, {}).new_fields
    assert len(new) == 50
    assert max(map(len, new)) == 100


def test_dots_between_thousands_are_no_decimal_point() -> None:
    """A count has no point; and where one number of the field is in the millions, the others'
    dots may mean the same.
    """
    counts = columns("1.000", "12", "7.0")
    assert found(counts.integer("field")) == [None, 12, 7]
    assert faults(counts) == {0: "expected a whole number"}
    for read in ("number", "seconds", "decimal"):
        mixed = columns("12.500", "1.234.500", "7", "2.5")
        numbers = found(getattr(mixed, read)("field"))
        assert [value and float(value) for value in numbers] == [None, None, 7, 2.5]
        assert set(faults(mixed)) == {0, 1}
        plain = columns("12.500", "0.250")
        assert [float(value) for value in found(getattr(plain, read)("field"))] == [12.5, 0.25]


def test_an_instant_without_its_offset_is_none() -> None:
    read = columns("2025-03-12T09:00:00-03:00", "2025-03-12T09:00:00", "2025-03-12T12:00:00Z")
    with shown_at(datetime(2025, 3, 13, tzinfo=UTC)):
        instants = found(read.instant("field"))
    noon = pd.Timestamp("2025-03-12 12:00", tz=UTC)
    assert instants == [noon, None, noon]
    assert faults(read) == {1: "expected a date and time with its offset"}


@pytest.mark.parametrize("value", ["2025-03-12", "2025-03", "2025-03-12Z"])
def test_a_date_without_a_time_is_no_instant(value: str) -> None:
    read = columns(value)
    assert found(read.instant("field")) == [None]
    assert set(faults(read)) == {0}


def test_a_whole_number_is_the_same_text_as_a_float() -> None:
    assert found(columns(11999482052.0, 100, 2.5).text("field")) == ["11999482052", "100", "2.5"]
    assert found(columns(1e300).text("field")) == [str(int(1e300))]


def test_words_are_compared_without_blanks_and_capitals() -> None:
    read = columns("Busy", "BUSY", " busy", "busier", None, "")
    assert found(read.mapped("field", {"Busy": "b"}, "?")) == ["b", "b", "b", "?", "?", "?"]
    assert found(read.one_of("field", ["Busy"])) == ["Busy", "Busy", "Busy", "busier", None, None]
    assert read.new_fields == {"field=busier"}


@pytest.mark.parametrize(
    ("one", "other"),
    [(12, 12.0), ("0A9C2F4E-1B2C-4D5E-8F90-ABCDEF012345", "0a9c2f4e-1b2c-4d5e-8f90-abcdef012345")],
)
def test_a_key_that_is_spelt_otherwise_is_the_same(one: Any, other: Any) -> None:
    key = key_of("field")
    assert key({"field": one}) == key({"field": other})


def test_a_key_of_other_letters_is_another() -> None:
    key = key_of("field")
    assert key({"field": "aB1"}) != key({"field": "ab1"})
    assert key({"field": 12.5}) != key({"field": 12})


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("x" * LONGEST_TEXT, "x" * LONGEST_TEXT),
        ("x" * (LONGEST_TEXT + 1), "x" * (LONGEST_TEXT - 3) + "…"),
        ("x" * 5_000_000, "x" * (LONGEST_TEXT - 3) + "…"),
        ("客" * 267, "客" * 265 + "…"),
        ("😀" * 200, "😀" * 200),
        ("😀" * 201, "😀" * 199 + "…"),
        (int("7" * 900), "7" * (LONGEST_TEXT - 3) + "…"),
    ],
    ids=["fits", "one more", "millions", "three bytes each", "four fit", "four don't", "a number"],
)
def test_a_text_is_no_longer_than_an_index_takes(sent: Any, kept: str) -> None:
    read = columns("short", sent, None)
    assert found(read.text("field")) == ["short", kept, None]
    assert faults(read) == ({1: CUT} if str(sent) != kept else {})


LARGE: dict[str, tuple[dict[str, Any], set[str], set[str]]] = {
    "a text": ({"a": "x" * 5_000_000, "b": 1}, {"b"}, {"a"}),
    "a name": ({"k" * 1_000_000: "v", "b": 1}, {"b"}, {"k" * 100}),
    "an object": ({"a": {"k": ["v" * 99] * 3000}, "b": 1}, {"b"}, {"a"}),
    "two halves": ({"a": "x" * 140_000, "c": "x" * 140_001}, {"a"}, {"c"}),
}


@pytest.mark.parametrize("case", LARGE)
def test_what_is_not_mapped_is_kept_as_far_as_it_fits(case: str) -> None:
    record, kept, left_out = LARGE[case]
    read = Columns([{"b": 2}, record], account("conpeek"))
    first, second = read.rest().tolist()
    assert (first, set(second)) == ({"b": 2}, kept)
    assert read.facts(None, {}).faults == {1: dict.fromkeys(left_out, LEFT_OUT)}
    inner = Columns([{"field": record}], account("conpeek"))
    assert set(inner.object("field").iat[0]) == kept
    assert faults(inner) == {0: LEFT_OUT}


def test_of_many_fields_few_are_named() -> None:
    read = Columns([{f"f{n}": "x" for n in range(50_000)}], account("conpeek"))
    assert len(payload.encode(read.rest().iat[0])) <= LARGEST_OBJECT
    assert len(read.facts(None, {}).faults[0]) == MOST_LEFT_OUT
