"""A wrong value costs its field, never the call. It is counted once, and heals."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import ANY

import pytest

from assets.refresh import refresh_days
from resources.account import Account
from resources.standin import Fault, Quirk
from resources.vendor_api.sizes import CUT, LEFT_OUT, LONGEST_TEXT
from resources.vendor_api.values import NO_VALUE
from resources.vendor_api.vendor import Facts, Record
from tests.loading.conftest import DAY, NOON, Open, Scene
from tests.loading.lists import EVERY, RECORDS

EVENING = NOON + timedelta(hours=20)
NAMES = {"conpeek": "to_display_target", "clickfono": "popup_name", "evolux": "caller",
         "vono": "source", "wolkvox": "agent_name"}  # fmt: skip
"""A field of text, by vendor; Wolkvox' is the key."""
SHOWN = {"conpeek": "to_number", "clickfono": "queue_name", "evolux": "from_number",
         "vono": "from_number"}  # fmt: skip
"""Where the facts show it."""
UNREADABLE: dict[str, tuple[Any, str]] = {
    "a wrong type": ("much", "expected a"),
    "a nested object": ({"a": [1]}, "expected a"),
    "a number beyond bigint": (2**64 - 1, "beyond a bigint"),
    "a number that no float holds": ("1e400", "beyond a bigint"),
    "below nothing": (-5, "can't be negative"),
    "a placeholder": ("N/A", NO_VALUE),
    "minus one": (-1, NO_VALUE),
    "not a number": ("NaN", NO_VALUE),
}
EMPTY: list[Any] = [None, "", " ", [], {}]


def spoiled(here: Scene, value: Any) -> Fault:
    """The value's field in the first record of an answer."""
    return Fault.field(here.kind.value_field, value)


def values(here: Scene) -> list[Any]:
    """What the facts show."""
    return [row[0] for row in here.query(
        f"SELECT {here.kind.column} FROM facts.{here.kind.table} WHERE account = :account "
        f"ORDER BY {here.kind.column} NULLS FIRST"
    )]  # fmt: skip


@pytest.mark.parametrize("vendor", EVERY)
@pytest.mark.parametrize("how", UNREADABLE)
def test_a_value_that_cannot_be_read_is_null_and_noted_and_heals(
    scene: Open, vendor: str, how: str
) -> None:
    here = scene(vendor)
    here.put(here.thing(1), here.thing(2))
    here.at(EVENING)
    value, reason = UNREADABLE[how]
    here.tenant.arm(spoiled(here, value))
    result = here.backfill()
    assert result.error is None
    assert (values(here), here.rejects()) == ([None, 12], [])
    ((field, told, records),) = here.faults()
    assert (field, records) == (here.kind.value_field, 1)
    assert reason in told
    assert here.day().state in ("complete", "settling")
    assert (here.day().facts, here.day().rejects) == (2, 0)

    here.backfill()
    assert (values(here), here.faults()) == ([11, 12], [])


@pytest.mark.parametrize("vendor", EVERY)
@pytest.mark.parametrize("empty", EMPTY, ids=repr)
def test_what_the_vendor_does_not_say_is_null_without_a_word(
    scene: Open, vendor: str, empty: Any
) -> None:
    here = scene(vendor)
    here.put(here.thing(1), here.thing(2))
    here.at(EVENING)
    here.tenant.arm(spoiled(here, empty))
    here.backfill()
    assert (values(here), here.faults(), here.rejects()) == ([None, 12], [], [])


@pytest.mark.parametrize("vendor", ["conpeek", "clickfono", "vono"])
def test_a_fault_is_counted_once_however_often_it_is_read(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(here.thing(1, garbled=True), here.thing(2, garbled=True), here.thing(3))
    here.at(EVENING)
    for _ in range(3):
        here.backfill()
        assert [records for _, _, records in here.faults()] == [2]
    assert len(here.versions()) == 3
    here.put(here.thing(2, garbled=True, minutes=1))
    here.backfill()
    assert [records for _, _, records in here.faults()] == [2], "a new version of the same"
    here.put(here.thing(2))
    here.backfill()
    assert [records for _, _, records in here.faults()] == [1]
    here.remove(here.thing(1))
    here.backfill()
    assert here.faults() == [], "nobody can heal what is gone"


def test_a_fault_moves_with_its_record(scene: Open) -> None:
    here = scene("clickfono", DAY_BEFORE)
    here.put(here.thing(1, garbled=True), here.thing(2))
    here.at(EVENING)
    here.backfill()
    moved = here.thing(1, garbled=True, minutes=-24 * 60)
    here.put(moved)
    here.backfill(DAY_BEFORE)
    days = here.query("SELECT call_date, records FROM ops.field_faults WHERE account = :account")
    assert days == [(DAY_BEFORE, 1)]


DAY_BEFORE = (NOON - timedelta(days=1)).date()


@pytest.mark.parametrize("heal", ["a read", "a rebuild"])
@pytest.mark.parametrize("vendor", EVERY)
def test_a_mapping_that_learns_the_field_heals_it(scene: Open, vendor: str, heal: str) -> None:
    here = scene(vendor)
    here.put(here.thing(1), here.thing(2))
    here.at(EVENING)
    good, field = here.stream, here.kind.value_field

    def wrong(records: Sequence[Record], account: Account) -> Facts:
        return good.normalise([record | {field: "?"} for record in records], account)

    here.stream = replace(good, normalise=wrong)
    here.backfill()
    assert [records for _, _, records in here.faults()] == [2]
    here.stream = good
    result = here.rebuild() if heal == "a rebuild" else here.backfill()
    assert here.faults() == []
    assert values(here) == [11, 12]
    assert len(here.versions()) == 2, "the records didn't change"
    assert result.loaded.days, "analysts see it changed"


def test_a_placeholder_that_is_known_as_one_is_not_tried_again(scene: Open) -> None:
    here = scene("conpeek")
    here.at(EVENING)
    field = here.kind.value_field
    here.tenant.put([here.kind.show(here.thing(1), here.kind.zone) | {field: None}])
    here.tenant.behave(Quirk.nothing_as(field))
    here.backfill()
    assert here.faults() == [(field, NO_VALUE, 1)]
    good = here.stream
    tried: list[Record] = []

    def counting(records: Sequence[Record], account: Account) -> Facts:
        tried.extend(records)
        return good.normalise(records, account)

    here.stream = replace(good, normalise=counting)
    here.backfill()
    assert tried == []


@pytest.mark.parametrize("vendor", RECORDS)
def test_zero_dates_are_placeholders(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(here.thing(1, end=None), here.thing(2, end=None))
    here.at(EVENING)
    fields = {"conpeek": ["hangup_time"], "evolux": ["end_time"]}.get(vendor, [])
    here.tenant.behave(Quirk.zero_dates(" ".join(fields)))
    here.backfill()
    assert values(here) == [11, 12]
    assert here.rejects() == []
    assert here.faults() == [(field, NO_VALUE, 2) for field in fields]


@pytest.mark.parametrize("vendor", ["clickfono", "evolux", "vono"])
def test_seconds_on_a_clock_are_seconds(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(here.thing(1, value=67), here.thing(2, value=3723), here.thing(3, value=0))
    here.at(EVENING)
    here.tenant.behave(Quirk.clocks(here.kind.value_field))
    here.backfill()
    assert (values(here), here.faults()) == ([0, 67, 3723], [])
    here.tenant.disarm()
    here.tenant.arm(spoiled(here, "00:61:00"))
    here.backfill()
    assert [row[0] for row in here.faults()] == [here.kind.value_field]


def names(here: Scene) -> list[Any]:
    """The texts, by the record's key."""
    column = SHOWN[here.kind.vendor]
    return [row[1] for row in here.query(
        f"SELECT call_id, {column} FROM facts.calls WHERE account = :account ORDER BY 1"
    )]  # fmt: skip


def put_named(here: Scene, *shown: str) -> None:
    """As many records, with these names."""
    for number, name in enumerate(shown, 1):
        record = here.kind.show(here.thing(number), here.kind.zone)
        here.tenant.put([record | {NAMES[here.kind.vendor]: name}], here.kind.report)


SPOILED: dict[str, tuple[Callable[[str], Fault], str]] = {
    "a bad byte": (Fault.bad_byte, "Andr\N{REPLACEMENT CHARACTER}"),
    "half an emoji": (Fault.half_emoji, "Ana \N{REPLACEMENT CHARACTER}"),
    "NUL": (Fault.nul, "before\N{REPLACEMENT CHARACTER}after"),
    "a raw line break": (lambda name: Fault.literal(name, b'"two\nlines"'), "two\nlines"),
    "half an escape": (
        lambda name: Fault.literal(name, rb'"Ana \ud8"'),
        "Ana \N{REPLACEMENT CHARACTER}",
    ),
}


@pytest.mark.parametrize("vendor", RECORDS)
@pytest.mark.parametrize("how", SPOILED)
def test_a_bad_character_spoils_its_text_alone(scene: Open, vendor: str, how: str) -> None:
    here = scene(vendor)
    put_named(here, "Ana", "José", "Íñigo")
    here.at(EVENING)
    fault, read = SPOILED[how]
    here.tenant.arm(fault(NAMES[vendor]))
    assert here.backfill().error is None
    (spoiled,) = set(names(here)) - {"Ana", "José", "Íñigo"}
    assert spoiled == read
    assert (len(names(here)), here.rejects(), here.faults()) == (3, [], [])

    assert here.backfill().loaded.total.changed == 1
    assert names(here) == ["Ana", "José", "Íñigo"]
    versions = [row[1] for row in here.versions()]
    assert sorted(versions) == [1, 1, 1, 2], "the others have no new version"


@pytest.mark.parametrize("vendor", RECORDS)
def test_latin_1_throughout_is_read_as_that(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    put_named(here, "Ana", "José", "Íñigo")
    here.at(EVENING)
    here.tenant.arm(Fault.latin1())
    here.backfill()
    assert names(here) == ["Ana", "José", "Íñigo"]


@pytest.mark.parametrize("charset", ["ISO-8859-2", "Windows-1250"])
def test_the_encoding_that_a_header_names_is_read(scene: Open, charset: str) -> None:
    here = scene("conpeek")
    put_named(here, "Ana", "Łukasz", "Żółć")
    here.at(EVENING)
    here.tenant.arm(Fault.charset(charset), 9)
    here.backfill()
    assert names(here) == ["Ana", "Łukasz", "Żółć"]


def test_a_key_with_half_an_emoji_is_a_key(scene: Open) -> None:
    here = scene("wolkvox")
    here.put(here.thing(1))
    here.at(EVENING)
    here.tenant.arm(Fault.half_emoji("agent_name"))
    here.backfill()
    assert here.facts("agent_name", "calls") == [("Ana \N{REPLACEMENT CHARACTER}", 11)]
    assert here.rejects() == []


@pytest.mark.parametrize("vendor", EVERY)
@pytest.mark.parametrize("known", [True, False])
def test_a_number_without_end_keeps_its_record_aside_and_no_other(
    scene: Open, vendor: str, known: bool
) -> None:
    here = scene(vendor)
    here.put(here.thing(1), here.thing(2))
    here.at(EVENING)
    here.tenant.arm(Fault.endless_number(here.kind.value_field if known else "unheard_of"))
    assert here.backfill().error is None
    ((key, field, reason),) = here.rejects()
    assert (key is not None, field) == (True, "record")
    assert "more than 4,300 digits" in reason
    assert values(here) in ([11], [12])
    assert here.rebuild().error is None
    assert len(here.rejects()) == 1, "from raw it is the same"
    here.backfill()
    assert (values(here), here.rejects()) == ([11, 12], [])


@pytest.mark.parametrize("vendor", EVERY)
@pytest.mark.parametrize("levels", [500, 5000])
def test_what_is_nested_too_deep_costs_nothing_but_its_depth(
    scene: Open, vendor: str, levels: int
) -> None:
    here = scene(vendor)
    here.put(here.thing(1), here.thing(2))
    here.at(EVENING)
    here.tenant.arm(Fault.deep_nesting("unheard_of", levels))
    assert here.backfill().error is None
    assert (values(here), here.rejects()) == ([11, 12], [])


def test_new_fields_are_told_and_kept_at_any_depth(scene: Open) -> None:
    here = scene("evolux")
    here.put(here.thing(1))
    here.at(EVENING)
    flow = {"id": 1, "name": "x", "version": 7}
    here.tenant.arm(Fault.field("call_flow", flow))
    assert here.backfill().loaded.new_fields == {"call_flow.version"}
    assert here.query("SELECT flow_id, attributes FROM facts.calls WHERE account = :account") == [
        ("1", {"uuid": "1", "call_flow": {"version": 7}})
    ]


def test_texts_of_millions_are_cut_in_facts_and_whole_in_raw(scene: Open) -> None:
    """The marts are built of what is kept of them."""
    here = scene("clickfono")
    here.put(here.thing(1), here.thing(2))
    here.at(EVENING)
    long = {
        "popup_name": "P" * 5_000_000,
        "status": "S" * 3_000_000,
        "additionals": {"k" * 1_000_000: "v" * 5_000_000},
    }
    here.tenant.arm(Fault.rows(lambda rows: rows[0].update(long) if rows else None))
    assert here.backfill().error is None
    assert here.query(
        "SELECT octet_length(queue_name), octet_length(disposition_raw), attributes "
        "FROM facts.calls WHERE account = :account AND length(queue_name) > 100"
    ) == [(LONGEST_TEXT, LONGEST_TEXT, ANY)]
    assert [(field, told) for field, told, _ in here.faults()] == [
        ("additionals", LEFT_OUT),
        ("popup_name", CUT),
        ("status", CUT),
    ]
    assert here.query(
        "SELECT max(length(payload ->> 'popup_name')) FROM raw.records WHERE account = :account"
    ) == [(5_000_000,)]
    assert all(
        not mart.error
        for _, done in refresh_days(here.system.warehouse, [DAY], True)
        for mart in done
    )
