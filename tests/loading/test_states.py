"""One key on two pages of a read: a record that changed meanwhile, or two rows with one key."""

from dataclasses import replace
from itertools import count

import pytest

from resources.standin import Quirk
from resources.standin.answer import Answer, Ask
from resources.standin.quirks import Listing
from tests.loading.conftest import NOON, Open, Scene
from tests.loading.lists import PAGED


def two_rows(here: Scene, values: list[int]) -> None:
    """From now on the first thing is listed with each of the values, far apart; their order turns
    with each read.
    """
    reads = count()
    order: list[int] = []

    def change(listing: Listing) -> None:
        first = here.kind.key(here.thing(1))
        others = [r for r in listing.rows if here.kind.key_of(r, NOON.date()) != first]
        if len(others) == len(listing.rows):
            return
        if listing.start == 0:
            order[:] = values[:: -1 if next(reads) % 2 else 1]
        shown = [here.kind.show(here.thing(1, minutes=1, value=v), here.kind.zone) for v in order]
        share = len(others) // (len(shown) - 1)
        for place, row in enumerate(shown):
            others.insert(place * (share + 1), row)
        listing.rows, listing.total = others, len(others)

    here.tenant.behave(Quirk("two_rows", change), Quirk.page_cap(6))


@pytest.mark.parametrize(
    ("vendor", "values"),
    [
        ("conpeek", [5, 7]),
        ("conpeek", [5, 7, 6]),
        pytest.param("evolux", [5, 7], marks=pytest.mark.long),
        ("vono", [7, 5]),
    ],
    ids=str,
)
def test_two_rows_with_one_key_take_no_turns(scene: Open, vendor: str, values: list[int]) -> None:
    here = scene(vendor)
    here.put(*(here.thing(number, minutes=number) for number in range(1, 15)))
    here.at(NOON.replace(day=20))
    two_rows(here, values)
    for _ in range(2):
        assert here.backfill().error is None
    key = here.kind.key(here.thing(1))
    versions = [row for row in here.versions() if row[0] == key]
    assert len(versions) <= len(values) + 1
    before = sorted(map(str, here.facts("*")))
    for _ in range(2):
        assert here.backfill().error is None
    assert sorted(map(str, here.facts("*"))) == before
    assert [row for row in here.versions() if row[0] == key] == versions
    assert here.day().state == "complete"
    assert "several states" in here.day().note or "under another one's key" in here.day().note


@pytest.mark.parametrize("first", [[5, 7], [7, 5]], ids=str)
def test_which_of_two_rows_on_two_pages_counts_does_not_depend_on_their_order(
    scene: Open, first: list[int]
) -> None:
    here = scene("conpeek")
    here.put(*(here.thing(number, minutes=number) for number in range(1, 15)))
    here.at(NOON.replace(day=20))
    two_rows(here, first)
    here.backfill()
    here.backfill()
    assert here.facts("leg_id", "talk_s")[0] == ("d-1", 5)


@pytest.mark.parametrize("vendor", PAGED)
def test_a_record_that_changes_between_two_pages_has_both_states(scene: Open, vendor: str) -> None:
    """And whatever it becomes later, what it was before included."""
    here = scene(vendor)
    things = [here.thing(number, minutes=number) for number in range(1, 15)]
    here.put(*things)
    here.at(NOON.replace(day=20))
    here.backfill()
    serve, changes = here.tenant.serve, [things[-1], things[0]]

    def serve_then_change(tenant: object, ask: Ask) -> Answer:
        answer = serve(here.tenant, ask)
        answer.rows[:] = list(answer.rows)
        if changes:  # it was on the first page, and stands on a later one, too
            here.put(*(replace(thing, value=99) for thing in changes))
            changes.clear()
            again = Quirk("again", lambda listing: listing.rows.extend(listing.rows[:1]))
            here.tenant.behave(Quirk.page_cap(6), again)
        return answer

    here.tenant.behave(Quirk.page_cap(6))
    here.tenant.serve = serve_then_change
    here.backfill()
    here.tenant.behave()
    for value in (99, 5, 99):
        here.put(replace(things[0], value=value))
        here.backfill()
        ((fact,),) = here.query(
            f"SELECT {here.kind.column} FROM facts.{here.kind.table} WHERE account = :account "
            f"ORDER BY started_at LIMIT 1"
        )
        assert fact == value
    key = here.kind.key(things[0])
    values = [float(value) for found, _, value in here.versions() if found == key]
    factor = 1000 if vendor == "conpeek" else 1
    assert values == [11 * factor, 99 * factor, 5 * factor, 99 * factor]
