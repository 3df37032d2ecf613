"""Whoever was forgotten doesn't come back, and the days that they called on stay right."""

from typing import Any

import pytest

from assets.loading.day_state import FORGOTTEN
from resources.standin import Fault
from resources.text import payload
from resources.vendors import discover
from tests.loading.conftest import DAY, Open
from tests.loading.forgetting import NUMBERS, put_caller, suppress
from tests.loading.test_secrets import written

WINDOWED = [name for name in NUMBERS if name != "vono"] + ["vono"]


pytestmark = pytest.mark.usefixtures("nobody_is_forgotten")


@pytest.mark.parametrize("name", WINDOWED)
def test_a_reread_leaves_them_out_and_the_day_is_complete(scene: Open, name: str) -> None:
    field, number, spelling = NUMBERS[name]
    here = scene(name)
    here.put(here.thing(1), here.thing(2, minutes=5))
    put_caller(here, here.thing(3, minutes=10), field, spelling)
    suppress(here, number)
    here.later(days=30)
    for _ in range(2):
        assert here.backfill().error is None
        assert len(here.versions()) == 2
        assert len(here.facts("started_at", "call_date")) == 2
        day = here.day()
        assert (day.state, day.raw_records, day.facts, day.suppressed) == ("complete", 2, 2, 1)
        assert here.unreconciled() == []
    assert payload.encode(spelling).decode().strip('"').lower() not in written(here)
    here.remove(here.thing(3, minutes=10))
    here.backfill()
    assert (here.day().state, here.day().suppressed) == ("complete", 0)
    assert here.unreconciled() == []


@pytest.mark.parametrize("name", WINDOWED)
def test_what_was_stored_of_them_goes_though_the_same_comes_again(scene: Open, name: str) -> None:
    """As where a backup of before is restored, or they were forgotten in a spelling of before."""
    field, number, spelling = NUMBERS[name]
    here = scene(name)
    here.put(here.thing(1))
    put_caller(here, here.thing(3, minutes=10), field, spelling)
    here.later(days=30)
    here.backfill()
    suppress(here, number)
    here.backfill()
    assert (here.day().raw_records, here.day().suppressed) == (1, 1)


def test_who_is_left_out_makes_up_for_no_record_that_is_gone(scene: Open) -> None:
    """One came in an answer that was read again, as its total was wrong, and then no more."""
    field, number, spelling = NUMBERS["evolux"]
    here = scene("evolux")
    gone = here.thing(9)
    here.put(gone, here.thing(1))
    put_caller(here, here.thing(3, minutes=10), field, spelling)
    suppress(here, number)
    here.later(days=30)

    def only_the_one(rows: list[Any]) -> None:
        rows[:] = [row for row in rows if str(row["id"]) == "9"]
        here.remove(gone)
        here.put(here.thing(2))

    here.tenant.arm(Fault.rows(only_the_one))
    here.backfill()
    heads = "SELECT record_key FROM raw.heads WHERE account = :account AND missing_since IS NULL"
    assert sorted(here.query(heads)) == [("1",), ("2",)]


@pytest.mark.parametrize("name", WINDOWED)
def test_a_call_is_kept_without_them(scene: Open, name: str) -> None:
    field, number, spelling = NUMBERS[name]
    here = scene(name)
    put_caller(here, here.thing(3, minutes=10), field, spelling, somebody="Ana Díaz")
    suppress(here, number, keeps_calls=True)
    here.later(days=30)
    for _ in range(2):
        assert here.backfill().error is None
        assert [version for _, version, _ in here.versions()] == [1]
        rows = here.query(f"SELECT to_jsonb(f) FROM facts.{here.kind.table} f "
                          "WHERE account = :account")  # fmt: skip
        fact = rows[0][0]
        assert fact[here.kind.column] == 13
        personal = ("from_number", "from_e164", "to_number", "to_e164", "caller_key")
        assert not any(fact.get(column) for column in personal), fact
        assert (here.day().state, here.day().raw_records, here.day().suppressed) == (
            "complete", 1, 0,
        )  # fmt: skip
        assert here.unreconciled() == []
    text = written(here)
    assert "ana d" not in text
    assert spelling not in text
    assert here.rebuild().error is None
    assert len(here.facts("started_at", "call_date")) == 1


def test_a_record_that_names_them_only_later_goes_whole(scene: Open) -> None:
    field, number, spelling = NUMBERS["evolux"]
    here = scene("evolux")
    here.put(here.thing(1))
    here.backfill()
    suppress(here, number)
    put_caller(here, here.thing(1), field, spelling)
    here.backfill()
    assert here.versions() == []
    assert here.facts("call_id", "call_date") == []
    assert (here.day().raw_records, here.day().suppressed) == (0, 1)
    here.put(here.thing(1))
    here.backfill()
    assert here.versions() == [], "it is known by its key, too"


def test_what_has_no_key_is_left_out_too(scene: Open) -> None:
    field, number, spelling = NUMBERS["clickfono"]
    here = scene("clickfono")
    here.put(here.thing(1))
    odd = here.kind.show(here.thing(2), here.kind.zone) | {field: spelling, "uuid": {"no": "key"}}
    here.tenant.arm(Fault.add(odd), 9)
    suppress(here, number)
    here.later(days=30)
    here.backfill()
    assert here.rejects() == []
    assert (here.day().state, here.day().suppressed) == ("complete", 1)


def test_a_rebuild_leaves_them_out(scene: Open) -> None:
    field, number, spelling = NUMBERS["evolux"]
    here = scene("evolux")
    put_caller(here, here.thing(1), field, spelling)
    here.put(here.thing(2))
    here.backfill()
    suppress(here, number)
    here.rebuild()
    assert len(here.versions()) == 1
    assert len(here.facts("call_id", "call_date")) == 1
    assert (here.day().raw_records, here.day().facts, here.day().suppressed) == (1, 1, 1)


def test_an_answer_that_cannot_be_read_is_kept_without_a_word(scene: Open) -> None:
    _, number, spelling = NUMBERS["evolux"]
    here = scene("evolux")
    suppress(here, number)
    here.tenant.arm(Fault.body(f'{{"meta": "of Ana, {spelling}", '.encode()), 9)
    assert here.backfill().error
    [(body,)] = here.query("SELECT payload #>> '{}' FROM ops.rejects WHERE account = :account")
    assert body == FORGOTTEN


@pytest.mark.parametrize("name", WINDOWED)
def test_an_error_that_quotes_them_is_kept_without_their_number(scene: Open, name: str) -> None:
    _, number, _ = NUMBERS[name]
    here = scene(name)
    here.put(here.thing(1))
    suppress(here, number)
    here.tenant.arm(Fault.body(quoting(number)), 9)
    error = here.backfill().error
    assert error
    assert "cannot render +**" in error
    assert number not in written(here)


def test_so_is_one_of_a_detail(scene: Open) -> None:
    _, number, _ = NUMBERS["evolux"]
    here = scene("evolux", streams=("calls", "call_details"))
    here.put(here.thing(1))
    here.tenant.put_detail(1, {"executed_tasks": []})
    suppress(here, number)
    here.later(days=30)
    here.backfill()
    here.tenant.arm(Fault.body(quoting(number)), 9, report="studio_calls_cdr")
    details = discover()["evolux"].stream("call_details")
    here.system.loaders["evolux"].backfill([here.account], [details], [DAY])
    [(error,)] = here.query("SELECT error FROM ops.details WHERE account = :account")
    assert "cannot render +**" in error
    assert number not in written(here)


def quoting(number: str) -> bytes:
    """An answer that tells of a failure, and of whom."""
    said = dict.fromkeys(("message", "msg", "reason"), f"cannot render {number}")
    return payload.encode({"success": False, "error": 1, "meta": {"status": 500}} | said)
