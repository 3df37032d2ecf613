"""Answers that come again, to the byte: what of them isn't landed again, and when it is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from assets.loading.completeness import LOOKED_FOR
from assets.loading.window import batches, code, read
from resources.standin import Fault
from tests.loading.conftest import DAY, Open, Scene
from tests.loading.lists import EVERY, RECORDS
from tests.loading.tables import tables_of
from tests.support import statements

BEFORE = DAY - timedelta(days=1)
LANDS = "is_contested"
"""A statement that has it looks for what of a batch must be written."""


def landed(act: Callable[[], object]) -> int:
    """How many batches were landed meanwhile."""
    with statements() as seen:
        act()
    return sum(LANDS in text for text in seen)


def settled(scene: Open, vendor: str, *numbers: int) -> Scene:
    """A day that is over, and read."""
    here = scene(vendor)
    here.put(*(here.thing(number) for number in numbers or range(6)))
    here.later(days=3)
    assert here.backfill().error is None
    return here


@pytest.mark.parametrize("vendor", EVERY)
def test_what_comes_again_is_not_landed_again(scene: Open, vendor: str) -> None:
    here = settled(scene, vendor)
    known, read_at = tables_of(here.system, here.account), here.day().read_at
    here.later(hours=1)
    result = here.backfill()
    assert result.loaded.total.records == 6
    assert here.day().read_at > read_at, "it was read in full all the same"
    here.later(hours=1)
    assert landed(here.backfill) == 0
    assert tables_of(here.system, here.account) == known


def test_other_code_lands_it_again(scene: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    here = settled(scene, "conpeek")
    assert landed(here.backfill) == 0
    here.stream = replace(here.stream, redact=lambda record: record | {"to_display_target": "***"})
    monkeypatch.setattr(code, "DIGEST", "another one")
    assert landed(here.backfill) == 1
    targets = here.query(
        "SELECT DISTINCT payload ->> 'to_display_target' FROM raw.records JOIN raw.heads "
        "USING (call_date, account, stream, record_key, version) WHERE account = :account"
    )
    assert targets == [("***",)]
    assert landed(here.backfill) == 0


def test_only_the_page_is_landed_on_which_something_changed(
    scene: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "BATCH", 50)  # as many as a page has
    here = settled(scene, "evolux", *range(60))
    assert landed(here.backfill) == 0
    here.put(here.thing(3, value=99))
    assert landed(here.backfill) == 1
    assert len(here.versions()) == 61


def test_what_landed_in_parts_is_landed_again(scene: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Postgres refused the batch."""
    monkeypatch.setattr(read, "BATCH", 3)
    here = scene("conpeek")
    here.put(*(here.thing(number) for number in range(6)))
    here.later(days=3)
    here.system.disturb({5: psycopg.errors.NumericValueOutOfRange("as the test wants")})
    here.backfill()
    here.system.disturb({})
    here.requests()
    assert landed(here.backfill) == 1
    assert here.requests() == 2, "a page, and the empty one after it"


@pytest.mark.parametrize("vendor", RECORDS)
def test_one_came_and_another_is_gone(scene: Open, vendor: str) -> None:
    here = settled(scene, vendor)
    here.put(here.thing(7))
    here.remove(here.thing(3))
    here.backfill()
    here.backfill()
    assert here.day().missing == 1, "though there are as many as before"


@pytest.mark.parametrize(("lost", "gone"), [(3, 57), (57, 3)])
def test_one_is_lost_from_the_tables_and_another_is_gone(
    scene: Open, monkeypatch: pytest.MonkeyPatch, lost: int, gone: int
) -> None:
    """One of them is on a page that comes again, the other one on a page that doesn't."""
    monkeypatch.setattr(read, "BATCH", 50)  # as many as a page has
    here = settled(scene, "evolux", *range(60))
    keys = dict(zip(range(60), sorted((key for key, *_ in here.versions()), key=int), strict=True))
    lose(here, keys[lost])
    here.remove(here.thing(gone))
    here.put(here.thing(60))  # the other page says that there are as many as before
    here.backfill()
    missing = (
        "SELECT record_key FROM raw.heads WHERE account = :account AND missing_since IS NOT NULL"
    )
    assert here.query(missing) == [(keys[gone],)]
    assert len(here.versions()) == 61


def lose_raw(here: Scene) -> None:
    """As where a part of a backup is restored."""
    for table in ("raw.records", "raw.heads"):
        here.query(f"DELETE FROM {table} WHERE account = :account RETURNING 1")


def lose_one(here: Scene) -> None:
    lose(here, here.versions()[0][0])


def lose(here: Scene, key: str) -> None:
    for table in ("raw.records", "raw.heads"):
        where = f"account = :account AND record_key = '{key}'"
        here.query(f"DELETE FROM {table} WHERE {where} RETURNING 1")


def change_one(here: Scene) -> None:
    """As where a newer answer showed another state, and the vendor has taken that back."""
    set_of_one(here, "digest = gen_random_uuid(), version = version + 1")


def reject_one(here: Scene) -> None:
    """As where an older mapping couldn't read it."""
    set_of_one(here, "rejected = true")


def set_of_one(here: Scene, values: str) -> None:
    where = f"account = :account AND record_key = '{here.versions()[0][0]}'"
    here.query(f"UPDATE raw.heads SET {values} WHERE {where} RETURNING 1")


TROUBLES: list[Callable[[Scene], Any]] = [lose_raw, lose_one, change_one, reject_one]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
@pytest.mark.parametrize("vendor", ["conpeek", "wolkvox"])
def test_what_the_tables_have_lost_is_landed_again_at_once(
    scene: Open, vendor: str, trouble: Callable[[Scene], Any]
) -> None:
    here = settled(scene, vendor)
    heads = "SELECT record_key, rejected, twins FROM raw.heads WHERE account = :account ORDER BY 1"
    known = here.query(heads)
    trouble(here)
    assert here.backfill().error is None
    assert here.query(heads) == known
    assert "several states" not in (here.day().note or ""), "one wasn't landed"
    assert len(here.facts("call_date", "account")) == 6
    assert landed(here.backfill) == 0


def test_where_a_limit_allows_no_second_look_the_next_read_lands_it(scene: Open) -> None:
    """No two requests may be made within five minutes."""
    here = settled(scene, "clickfono")
    due = "UPDATE ops.days SET next_read_at = '2025-03-13' WHERE account = :account RETURNING state"
    lose_one(here)
    limited = here.account.limits.model_copy(update={"min_interval_s": 300.0})
    here.account = here.account.model_copy(update={"limits": limited})
    assert here.query(due) == [("complete",)]
    here.poll_until(lambda: here.day().state != "complete")
    assert (here.day().raw_records, here.day().state) == (6, "settling")
    assert len(here.versions()) == 5
    here.poll_until(lambda: len(here.versions()) == 6)


def count_of(here: Scene) -> int:
    return int(here.query("SELECT count(*) FROM raw.heads WHERE account = :account")[0][0])


@pytest.mark.parametrize("vendor", RECORDS)
def test_where_no_second_answer_comes_the_next_read_lands_the_first(
    scene: Open, vendor: str
) -> None:
    """Of a vendor that gives each report once an hour there is never another one."""
    here = settled(scene, vendor)
    here.requests()
    here.backfill()
    once = here.requests()
    lose_raw(here)
    for _ in range(2):
        here.tenant.arm(Fault.status(404), times=20, after=once)
        here.backfill()
        here.tenant.disarm()
    assert count_of(here) == 6


def test_what_only_the_first_answer_shows_is_looked_for(scene: Open) -> None:
    """It wasn't landed then, and the second one may have been cut short."""
    here = settled(scene, "clickfono")
    key = here.versions()[0][0]
    lose_one(here)
    here.query(
        f"DELETE FROM facts.calls WHERE account = :account AND call_id = '{key}' RETURNING 1"
    )
    here.query(
        "UPDATE ops.days SET raw_records = 5, facts = 5 WHERE account = :account RETURNING 1"
    )
    here.tenant.arm(Fault.rows(lambda rows: rows.pop(0)), after=1)
    here.backfill()
    assert (count_of(here), here.day().state, here.day().note) == (5, "settling", LOOKED_FOR)
    here.poll()
    assert (count_of(here), here.day().state) == (6, "complete")


def test_a_read_that_never_comes_to_its_end_lands_what_it_shows(
    scene: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the tables have what came before is looked at in the end."""
    monkeypatch.setattr(read, "BATCH", 50)  # as many as a page has
    here = settled(scene, "evolux", *range(60))
    lose_raw(here)
    for _ in range(2):
        here.tenant.arm(Fault.status(404), times=20, after=1)
        here.backfill()
        here.tenant.disarm()
    assert count_of(here) == 50


def test_another_key_makes_other_records_of_the_same_answers(scene: Open) -> None:
    """As after an upgrade."""
    here = settled(scene, "clickfono")
    key = here.stream.key
    here.stream = replace(here.stream, key=lambda record: f"new {key(record)}")
    here.backfill()
    assert sum(row[0].startswith("new ") for row in here.versions()) == 6


@pytest.mark.parametrize("threshold", [6, 7])
def test_a_small_window_is_not_worth_a_memory(
    scene: Open, monkeypatch: pytest.MonkeyPatch, threshold: int
) -> None:
    monkeypatch.setattr(batches, "WORTHWHILE", threshold)
    here = settled(scene, "conpeek")
    rows = here.query("SELECT records FROM ops.known_batches WHERE account = :account")
    assert rows == ([(6,)] if threshold == 6 else [])


def test_what_is_known_of_a_window_goes_with_another_that_overlaps(scene: Open) -> None:
    here = scene("conpeek", BEFORE)
    here.put(here.thing(1), here.thing(2, minutes=-24 * 60))
    here.later(days=3)
    one = here.account.limits.model_copy(update={"concurrency": 1})
    here.account = here.account.model_copy(update={"limits": one})
    windows = "SELECT first_day, last_day FROM ops.known_batches WHERE account = :account"
    here.backfill(BEFORE, DAY)
    assert here.query(windows) == [(BEFORE, DAY)]
    here.backfill(DAY)
    assert here.query(windows) == [(DAY, DAY)]
