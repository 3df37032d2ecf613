"""Fields that change at each read: told by name; declared volatile, they make no version."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from resources.standin import Fault
from resources.vendor_api.vendor import Record
from tests.loading.conftest import NOON, STREAMS, Open, Scene

SIGNED = "https://vendor.example/1.mp3?signature="


def each_answer(here: Scene, change: Callable[[Record, int], Record]) -> None:
    """From now on each answer shows its records changed by its number."""
    numbers = count(1)

    def spoil(rows: list[Any]) -> None:
        number = next(numbers)
        rows[:] = [change(row, number) for row in rows]

    here.tenant.arm(Fault.rows(spoil), 1_000)


def signed(row: Record, number: int) -> Record:
    return row | {"recording_url": f"{SIGNED}{number}"}


def told(here: Scene) -> list[str]:
    """What the check says."""
    rows = here.system.warehouse.rows(
        "checks/stable",
        accounts=[here.account.name],
        stream=here.stream.name,
        volatile=list(here.stream.volatile),
    )
    return [row.note for row in rows]


@pytest.mark.parametrize("stream", STREAMS)
def test_a_field_that_changes_at_each_read_is_told_by_its_name(scene: Open, stream: str) -> None:
    here = scene(stream)
    here.put(here.thing(1), here.thing(2))
    each_answer(here, signed)
    for _ in range(3):
        here.backfill()
    assert told(here) == [], "it may have changed for a reason"
    here.backfill()
    note = "changed with each of a record's last versions (it has 4): declare it volatile"
    assert told(here) == [f"recording_url of {here.stream.name}: {note} in the vendor's module"]


@pytest.mark.parametrize("stream", STREAMS)
def test_a_field_that_is_declared_volatile_makes_no_version(scene: Open, stream: str) -> None:
    here = scene(stream)
    here.stream = replace(here.stream, volatile=("recording_url", "media.url"))
    here.put(here.thing(1), here.thing(2))

    def nested(row: Record, number: int) -> Record:
        media = [{"url": f"{SIGNED}{number}", "size": 3}, {"url": f"{SIGNED}x{number}"}]
        return signed(row, number) | {"media": media}

    each_answer(here, nested)
    for _ in range(5):
        here.backfill()
    assert len(here.versions()) == 2
    assert told(here) == []
    kept = (
        "SELECT DISTINCT payload ->> 'recording_url', payload -> 'media' -> 0 ->> 'url' "
        "FROM raw.records WHERE account = :account"
    )
    assert here.query(kept) == [(f"{SIGNED}1",) * 2], "as it came first"

    here.put(here.thing(1, value=50))
    here.backfill()
    assert len(here.versions()) == 3
    assert len(here.query(kept)) == 2, "and as it came with the next version"


def test_what_facts_show_may_change_at_each_read(scene: Open) -> None:
    """An agent who is at work has one call more each time."""
    here = scene("wolkvox.agent_usage")
    here.put(here.thing(1))
    each_answer(here, lambda row, number: row | {"calls": str(number), "cost": f"{number}.50"})
    for _ in range(9):
        here.poll()
        here.later(minutes=5)
    assert len(here.versions()) == 9
    assert told(here) == []


def test_a_field_is_told_beside_one_that_facts_show(scene: Open) -> None:
    here = scene("clickfono")
    here.put(here.thing(1))
    each_answer(
        here,
        lambda row, n: row | {"duration_company": str(n), "popup": {"seconds_ago": n, "name": "x"}},
    )
    for _ in range(4):
        here.poll()
    (note,) = told(here)
    assert note.startswith("popup.seconds_ago of calls: ")


def test_a_state_that_comes_back_and_a_field_that_changed_now_and_then_are_not_told(
    scene: Open,
) -> None:
    here = scene("clickfono")
    here.put(here.thing(1))
    each_answer(here, lambda row, n: row | {"a": n // 2, "b": (n + 1) // 2})
    for _ in range(9):
        here.poll()
    assert len(here.versions()) == 9
    assert told(here) == []


def test_two_rows_that_differ_in_a_volatile_field_alone_are_one_record(scene: Open) -> None:
    here = scene("conpeek")
    here.stream = replace(here.stream, volatile=("recording_url",))
    here.put(here.thing(1))
    here.at(NOON)
    twin = signed(here.kind.show(here.thing(1), here.kind.zone), 7)
    here.tenant.arm(Fault.add(twin), 9)
    here.backfill()
    here.backfill()
    assert (len(here.versions()), here.rejects()) == (1, [])


SPELT: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "clickfono": ("uuid", lambda uuid: str(UUID(uuid)).upper()),
    "conpeek": ("dialog_uuid", lambda uuid: UUID(uuid).hex.upper()),
    "evolux": ("id", float),
    "vono": ("record_id", lambda number: f" {number} "),
}


@pytest.mark.parametrize("vendor", SPELT)
def test_an_id_that_is_spelt_otherwise_is_the_same_record(scene: Open, vendor: str) -> None:
    """Also where an answer's parts come from servers that don't agree on it."""
    here = scene(vendor)
    here.put(*(here.thing(number) for number in range(1, 5)))
    here.at(NOON + timedelta(days=4))
    here.backfill()
    name, spelt = SPELT[vendor]
    each_answer(
        here, lambda row, number: row | {name: spelt(row[name]) if number % 2 else row[name]}
    )
    for _ in range(2):
        assert here.backfill().error is None
        assert (here.day().state, here.day().facts) == ("complete", 4)
