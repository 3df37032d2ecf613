"""What the practice vendors have and the five don't: legs in a record, tokens that expire, caps."""

from datetime import timedelta
from typing import Any

from tests.loading.conftest import NOON, Open, Scene

EVENING = NOON + timedelta(days=3)


def show(here: Scene, number: int, **changes: Any) -> dict[str, Any]:
    """The record is so now."""
    record = here.kind.show(here.thing(number), here.kind.zone) | changes
    here.tenant.put([record])
    return record


def in_table(here: Scene, table: str, *columns: str) -> list[Any]:
    where = "WHERE account = :account ORDER BY 1"
    return here.query(f"SELECT {', '.join(columns)} FROM facts.{table} {where}")


def test_a_calls_legs_come_change_go_and_are_missed_with_it(scene: Open) -> None:
    here = scene("kestrel")
    told = "leg_id", "call_id", "position", "leg_type", "missing_since IS NOT NULL"
    record = show(here, 1)
    show(here, 2)
    here.at(EVENING)
    here.backfill()
    assert in_table(here, "call_legs", *told) == [
        ("1/1", "1", 1, "customer", False), ("1/2", "1", 2, "agent", False),
        ("2/1", "2", 1, "customer", False), ("2/2", "2", 2, "agent", False),
    ]  # fmt: skip
    assert (here.day().facts, here.unreconciled()) == (2, [])

    show(here, 1, legs=record["legs"][:1])
    here.backfill()
    assert [row[0] for row in in_table(here, "call_legs", *told)] == ["1/1", "2/1", "2/2"]

    here.remove(here.thing(2))
    here.backfill()
    assert [(row[0], row[4]) for row in in_table(here, "call_legs", *told)] == [
        ("1/1", False), ("2/1", True), ("2/2", True),
    ]  # fmt: skip

    here.rebuild()
    assert [row[0] for row in in_table(here, "call_legs", *told)] == ["1/1", "2/1", "2/2"]
    assert here.unreconciled() == []


def test_a_recording_is_there_for_the_calls_that_have_one(scene: Open) -> None:
    here = scene("kestrel")
    for url in ("https://records.example/1?signature=1", "https://records.example/1?signature=2"):
        show(here, 1, recording=url)
        show(here, 2)
        here.backfill()
    assert in_table(here, "recordings", "recording_id") == [("1",)]
    assert in_table(here, "calls", "call_id", "has_recording") == [("1", True), ("2", False)]
    assert len(here.versions()) == 2, "its URL is signed anew at each read"


def test_a_list_that_ends_before_its_last_call_is_asked_for_in_parts(scene: Open) -> None:
    here = scene("kestrel")
    limits = here.account.limits.model_copy(update={"max_records": 50})
    here.account = here.account.model_copy(update={"limits": limits})
    here.put(*(here.thing(number, minutes=-number) for number in range(120)))
    here.at(EVENING)
    assert here.backfill().error is None
    assert (here.day().state, here.day().facts) == ("complete", 120)


def test_a_token_that_expired_is_had_anew(scene: Open) -> None:
    """By the vendor's own clock, whatever it said of its life."""
    here = scene("merlin")
    for number in (1, 2, 3):
        here.put(here.thing(number))
        assert here.poll().error is None
        here.later(hours=2)
    asked = [r for r in here.system.standin.requests if r.tenant == here.tenant.name]
    assert [r.status for r in asked if r.report == "token"] == [200] * 3
    assert [r.status for r in asked if r.report != "token"].count(401) == 2
    assert here.query(
        "SELECT count(*) FROM ops.requests WHERE account = :account AND error LIKE '%granted-%'"
    ) == [(0,)]
