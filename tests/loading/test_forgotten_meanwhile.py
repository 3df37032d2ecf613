"""Somebody is forgotten while a load has them in its hands, and knows nothing of it."""

import threading
from pathlib import Path

import pytest

from assets.loading.details.answers import Answers
from assets.loading.details.fetch import DetailFetcher
from assets.loading.landing.suppression import Suppression
from assets.privacy import forget
from assets.privacy.forget import Person
from assets.privacy.places import Search
from resources.http.client import Http
from resources.standin import Fault
from resources.text import payload
from resources.vendor_api.vendor import Parent
from resources.vendors import discover
from tests.loading.conftest import DAY, Open
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


def test_an_error_that_quotes_them_is_written_down_without_them(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are forgotten between the vendor's answer and its line in the ledger."""
    _, number, _ = NUMBERS["evolux"]
    here = scene("evolux")
    here.put(here.thing(1))
    here.later(days=2)
    here.tenant.arm(Fault.body(quoting(number)), 1)
    note = Http._note

    def note_then(*args: object) -> None:
        note(*args)  # type: ignore[arg-type]
        forget.forget_person(open_site(here, tmp_path), Person(number))

    monkeypatch.setattr(Http, "_note", note_then)
    here.backfill()
    [(told,)] = here.query(
        "SELECT error FROM ops.requests WHERE account = :account AND error IS NOT NULL"
    )
    assert "cannot render +***" in told
    assert searched(here, tmp_path, number) == {}


def test_so_is_one_of_a_detail(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, number, _ = NUMBERS["evolux"]
    here = scene("evolux", streams=("calls", "call_details"))
    here.put(here.thing(1))
    here.tenant.put_detail(1, {"executed_tasks": []})
    here.later(days=30)
    here.backfill()
    here.tenant.arm(Fault.body(quoting(number)), 9, report="studio_calls_cdr")
    fetch = DetailFetcher.fetch

    def fetch_then(fetcher: DetailFetcher, parents: list[Parent]) -> Answers:
        answers = fetch(fetcher, parents)
        forget.forget_person(open_site(here, tmp_path), Person(number))
        return answers

    monkeypatch.setattr(DetailFetcher, "fetch", fetch_then)
    details = discover()["evolux"].stream("call_details")
    here.system.loaders["evolux"].backfill([here.account], [details], [DAY])
    [(told,)] = here.query("SELECT error FROM ops.details WHERE account = :account")
    assert "cannot render +***" in told
    assert searched(here, tmp_path, number) == {}


def quoting(number: str) -> bytes:
    """An answer that tells of a failure, and of whom."""
    error = {"success": False, "error": 1, "meta": {"status": 500}}
    return payload.encode(error | {"message": f"cannot render {number}"})
