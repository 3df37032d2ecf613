"""Somebody is forgotten, and their calls stay: without them, whatever comes later."""

from functools import partial
from pathlib import Path

import pytest

from assets.privacy import forget
from assets.privacy.forget import Person
from tests.loading.conftest import DAY, Open, Scene
from tests.loading.forgetting import (
    NUMBERS,
    fetch_details,
    open_site,
    put_caller,
    searched,
    while_details_come,
)
from tests.loading.stream_scene import AUDIO
from tests.model.system import System
from tests.privacy_site import places_of, site_of

NAMES = list(NUMBERS)

pytestmark = pytest.mark.usefixtures("nobody_is_forgotten")


@pytest.fixture(scope="module")
def system(own_system: System) -> System:
    """All its tables are read."""
    return own_system


@pytest.mark.parametrize("name", NAMES)
def test_the_call_stays_without_them(scene: Open, name: str, tmp_path: Path) -> None:
    field, number, spelling = NUMBERS[name]
    here = scene(name)
    put_caller(here, here.thing(3, minutes=10), field, spelling, somebody="Ana Díaz")
    here.later(days=30)
    here.backfill()
    forget.forget_person(open_site(here, tmp_path), Person(number, keeps_calls=True))
    for again in (lambda: None, here.backfill, here.rebuild):
        again()
        assert searched(here, tmp_path, number) == {}
        assert places_of(here.system.warehouse, tmp_path, ["Ana D"]) == {}
        assert [value for (value, _) in here.facts(here.kind.column, "call_date")] == [13]
        assert [version for _, version, _ in here.versions()] == [1]
        assert (here.day().raw_records, here.day().suppressed) == (1, 0)
        assert here.unreconciled() == []


def test_a_total_stays_without_what_names_them_beside_it(scene: Open, tmp_path: Path) -> None:
    """Of its row in facts nothing is personal, and none says when it changed."""
    _, number, spelling = NUMBERS["wolkvox.calls"]
    here = scene("wolkvox")
    put_caller(here, here.thing(3), "remark", spelling)
    here.later(days=30)
    here.backfill()
    assert searched(here, tmp_path, number)
    forget.forget_person(open_site(here, tmp_path), Person(number, keeps_calls=True))
    assert searched(here, tmp_path, number) == {}
    assert here.facts("calls", "call_date") == [(13, DAY)]


STEP = {"task_id": "1", "task_name": "Menu", "start_time_epoch": 1741700000}


def put_steps(here: Scene) -> None:
    """Somebody's call, of which a step says more of them."""
    field, _, spelling = NUMBERS["evolux"]
    put_caller(here, here.thing(2), field, spelling)
    steps = [STEP | {"parameters": {"typed": "12345678-9, Ana Díaz"}}]
    here.tenant.put_detail(2, {"executed_tasks": steps})


WHEN = ["fetched", "not yet", "meanwhile", "killed", "call comes later"]


def keep_calls(
    here: Scene, name: str, home: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Forgets whoever called, and fetches the details of their call before, after or around it."""
    person = Person(NUMBERS[here.account.vendor][1], keeps_calls=True)
    goes = partial(forget.forget_person, open_site(here, home), person)
    here.later(days=30)
    if when == "call comes later":
        goes()
    here.backfill()
    if when == "fetched":
        fetch_details(here, name)
    if when in ("meanwhile", "killed"):
        with monkeypatch.context() as patched:
            while_details_come(here, name, goes, patched, is_killed=when == "killed")
    if when in ("fetched", "not yet"):
        goes()
    fetch_details(here, name)


@pytest.mark.parametrize("when", WHEN)
def test_the_steps_of_a_call_stay_without_them(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    here = scene("evolux", streams=("calls", "call_details"))
    put_steps(here)
    keep_calls(here, "call_details", tmp_path, monkeypatch, when)
    steps = "SELECT task_name, params, attributes FROM facts.call_events WHERE account = :account"
    assert here.query(steps) == [("Menu", None, None)]
    assert places_of(here.system.warehouse, tmp_path, ["Ana D"]) == {}


@pytest.mark.parametrize("when", WHEN)
def test_no_voice_is_kept_of_whose_calls_stay(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", str(tmp_path / "audio"))
    field, _, spelling = NUMBERS["vono"]
    here = scene("vono", streams=("recordings", "recording_audio"))
    here.put(here.thing(1))
    put_caller(here, here.thing(3, minutes=5), field, spelling)
    for thing in (1, 3):
        here.tenant.put_audio(thing, AUDIO)
    keep_calls(here, "recording_audio", tmp_path, monkeypatch, when)
    here.requests()
    fetch_details(here, "recording_audio")
    assert here.requests() == 0, "nobody asks for it again"
    [other] = [file for file in (tmp_path / "audio").rglob("*") if file.is_file()]
    uris = here.query("SELECT audio_uri FROM facts.recordings WHERE account = :account ORDER BY 1")
    assert uris == [(other.as_uri(),), (None,)]
    [(state, note)] = here.query(
        "SELECT state, note FROM ops.days WHERE account = :account AND stream = 'recording_audio'"
    )
    assert state == "complete"
    assert ("1 of 2 details aren't fetched" in (note or "")) == (when != "fetched")


def test_steps_that_cannot_be_kept_take_no_call_along(scene: Open, tmp_path: Path) -> None:
    """They name nobody themselves, and can't be read: it stays without them."""
    here = scene("evolux", streams=("calls", "call_details"))
    put_steps(here)
    here.tenant.put_detail(2, {"executed_tasks": "Ana Díaz"})
    here.later(days=30)
    here.backfill()
    number = NUMBERS["evolux"][1]
    forget.forget_person(open_site(here, tmp_path), Person(number, keeps_calls=True))
    fetch_details(here, "call_details")
    assert [key for key, _ in here.facts("call_id", "call_date")] == ["2"]
    assert places_of(here.system.warehouse, tmp_path, ["Ana D"]) == {}


def test_the_call_stays_though_its_account_was_taken_away(scene: Open, tmp_path: Path) -> None:
    field, number, spelling = NUMBERS["conpeek"]
    here = scene("conpeek")
    put_caller(here, here.thing(3), field, spelling)
    here.later(days=30)
    here.backfill()
    site = site_of(here.system.warehouse, {}, tmp_path)
    forget.forget_person(site, Person(number, keeps_calls=True))
    assert searched(here, tmp_path, number) == {}
    assert [value for (value, _) in here.facts(here.kind.column, "call_date")] == [13]
