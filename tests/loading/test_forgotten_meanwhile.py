"""Somebody is forgotten while a load has them in its hands, and knows nothing of it."""

import threading
from pathlib import Path

import pytest

from assets.loading.landing.suppression import Suppression
from assets.privacy import forget
from assets.privacy.forget import Person
from assets.privacy.places import Search
from tests.loading.conftest import Open
from tests.loading.forgetting import NUMBERS, open_site, put_caller, searched
from tests.model.system import System

pytestmark = pytest.mark.usefixtures("nobody_is_forgotten")


@pytest.fixture(scope="module")
def system(own_system: System) -> System:
    """All its tables are read."""
    return own_system


@pytest.mark.parametrize(("name", "keeps"), [("evolux", False), ("conpeek", True)])
def test_whose_call_is_landing_is_found_all_the_same(
    scene: Open, name: str, keeps: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch has looked who is forgotten, and commits when the search would be over."""
    field, number, spelling = NUMBERS[name]
    here = scene(name)
    put_caller(here, here.thing(3, minutes=5), field, spelling)
    here.later(days=30)
    has_looked, was_searched = threading.Event(), threading.Event()
    begin, places = Suppression.begin_batch, Search.places

    def begin_and_wait(*args: object) -> None:
        begin(*args)  # type: ignore[arg-type]
        has_looked.set()
        was_searched.wait(2)

    def search(*args: object) -> object:
        found = places(*args)  # type: ignore[arg-type]
        was_searched.set()
        return found

    with monkeypatch.context() as slowly:
        slowly.setattr(Suppression, "begin_batch", begin_and_wait)
        slowly.setattr(Search, "places", search)
        load = threading.Thread(target=here.backfill)
        load.start()
        assert has_looked.wait(20)
        forget.forget_person(open_site(here, tmp_path), Person(number, keeps))
        load.join()
    assert searched(here, tmp_path, number) == {}
    assert here.unreconciled() == []
