"""Where audio is stays known: of what moves, is rejected for a while, or was put away in vain."""

from datetime import timedelta
from pathlib import Path

import pytest

from assets.maintenance import expiry
from assets.privacy import forget
from assets.privacy.forget import Person
from resources.vendors import discover
from tests.loading.conftest import DAY, Open, Scene
from tests.loading.forgetting import (
    NUMBERS,
    fetch_details,
    open_site,
    put_caller,
    recording,
    while_details_come,
)
from tests.model.system import System

pytestmark = pytest.mark.usefixtures("nobody_is_forgotten")
FIELD, _, SPELLING = NUMBERS["vono"]
LATER = DAY + timedelta(days=5)


@pytest.fixture(scope="module")
def system(own_system: System) -> System:
    """A night is one for the whole warehouse."""
    return own_system


def audio_uris(here: Scene) -> list[str | None]:
    return [uri for uri, _ in here.facts("audio_uri", "recording_id")]


@pytest.mark.parametrize("goes", ["person", "person of a kept call", "audio", "facts"])
def test_audio_of_a_recording_that_moved_when_raw_was_gone(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, goes: str
) -> None:
    """It lies where it was put: in the place of the day before."""
    here, number, files = recording(scene, tmp_path, monkeypatch)
    fetch_details(here, "recording_audio")
    uris = audio_uris(here)
    expiry.drop_raw(here.system.warehouse, LATER)
    here.remove(here.thing(3))
    put_caller(here, here.thing(3, minutes=24 * 60), FIELD, SPELLING)
    for _ in range(2):
        here.later(days=1)
        assert here.backfill(DAY, DAY + timedelta(days=1)).error is None
    assert here.facts("call_date", "recording_id") == [(DAY + timedelta(days=1), "3/3")]
    assert audio_uris(here) == uris
    assert len(files()) == 1
    if goes.startswith("person"):
        who = Person(number, keeps_calls=goes != "person")
        assert forget.forget_person(open_site(here, tmp_path), who)["audio files"] == 1
    elif goes == "audio":
        assert expiry.drop_audio(here.system.warehouse, LATER) == 1
    else:
        expiry.drop_facts(here.system.warehouse, LATER)
    assert files() == []


@pytest.mark.parametrize("then", ["fetched again", "the vendor has it no more", "not asked for"])
def test_audio_of_a_recording_that_was_rejected_when_raw_was_gone(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    here, _, files = recording(scene, tmp_path, monkeypatch)
    fetch_details(here, "recording_audio")
    whole = here.facts("audio_uri", "audio_sha256")
    expiry.drop_raw(here.system.warehouse, LATER)
    for is_broken in (True, False):
        put_caller(here, here.thing(3, broken=is_broken), FIELD, SPELLING)
        here.backfill()
    assert audio_uris(here) == [None]
    if then != "not asked for":
        if then == "the vendor has it no more":
            here.tenant.remove_audio(3)
        fetch_details(here, "recording_audio")
        assert here.facts("audio_uri", "audio_sha256") == whole
    assert len(files()) == 1
    assert expiry.drop_audio(here.system.warehouse, LATER) == 1
    assert files() == []
    fetch_details(here, "recording_audio")
    assert expiry.drop_audio(here.system.warehouse, LATER) == int(then == "not asked for")


@pytest.mark.parametrize("then", ["the vendor has it no more", "of no use", "not asked for"])
def test_audio_that_a_killed_worker_put_away_goes_for_its_age(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    here, _, files = recording(scene, tmp_path, monkeypatch)
    with monkeypatch.context() as meanwhile:
        while_details_come(here, "recording_audio", lambda: None, meanwhile, is_killed=True)
    assert len(files()) == 1
    if then != "not asked for":
        here.tenant.remove_audio(3)
        if then == "of no use":
            here.tenant.put_audio(3, b"<html>")
        audio = discover()["vono"].stream("recording_audio")
        for _ in range(8):
            here.later(days=1)
            here.system.loaders["vono"].poll([here.account], [audio])
    here.later(minutes=1)
    expiry.drop_audio(here.system.warehouse, LATER)
    assert files() == []
    asked = here.query("SELECT next_try_at FROM ops.details WHERE account = :account")
    assert [due for (due,) in asked if due] == [], "it isn't asked for again by itself"


def test_audio_that_is_just_coming_is_left_to_the_next_night(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No fact names what isn't there."""
    here, _, files = recording(scene, tmp_path, monkeypatch)

    def goes() -> int:
        return expiry.drop_audio(here.system.warehouse, LATER)

    while_details_come(here, "recording_audio", goes, monkeypatch)
    assert audio_uris(here) == [file.as_uri() for file in files()]
    assert len(files()) == 1
    assert goes() == 1
