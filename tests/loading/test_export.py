"""What somebody is told that is stored of them."""

from pathlib import Path

import pytest

from assets.privacy import forget
from assets.privacy.export import export_person
from assets.privacy.forget import Person
from assets.refresh import refresh_marts
from resources.errors import CallhouseError
from tests.loading.conftest import Open, Scene
from tests.loading.forgetting import NUMBERS, open_site, put_caller
from tests.model.system import System


@pytest.fixture(scope="module")
def system(own_system: System) -> System:
    """Records of a stream that nobody knows are no other test's."""
    return own_system


def begin(scene: Open, name: str) -> tuple[Scene, str]:
    """A call of somebody, with the marts that it is in, and another; and their number."""
    field, number, spelling = NUMBERS[name]
    here = scene(name)
    here.put(here.thing(1))
    put_caller(here, here.thing(3), field, spelling)
    here.later(days=30)
    here.backfill()
    return here, number


def test_it_has_the_callers_days_and_the_attempts_of_callbacks(scene: Open, tmp_path: Path) -> None:
    here, number = begin(scene, "clickfono")
    refresh_marts(here.system.warehouse)
    tables = export_person(open_site(here, tmp_path), number)["tables"]
    [call] = tables["facts.calls"]
    attempts = tables["facts.callback_attempts"]
    assert {attempt["call_id"] for attempt in attempts} == {call["call_id"]}
    [day] = tables["marts.callers_by_day"]
    assert (day["account"], day["caller_key"]) == (here.account.name, call["caller_key"])


def test_what_nobody_knows_to_read_is_told(scene: Open, tmp_path: Path) -> None:
    """By a search, too: their records are of a stream that isn't known any more."""
    here, number = begin(scene, "evolux")
    for table in ("raw.records", "raw.heads", "facts.calls"):
        here.query(f"UPDATE {table} SET stream = 'gone' WHERE account = :account RETURNING 1")
    site = open_site(here, tmp_path)
    told = f"records of {here.account.name} gone name them, too, and"
    with pytest.raises(CallhouseError, match=f"{told} aren't exported"):
        export_person(site, number)
    with pytest.raises(CallhouseError, match=f"{told} couldn't be erased"):
        forget.look_for(site, Person(number))
