"""Audio goes with whoever is forgotten, also what nothing names."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from assets.loading.audio_files import LOST_AUDIO
from assets.maintenance import expiry
from assets.privacy import forget
from assets.privacy.forget import Person
from resources.audio import AudioStore
from resources.vendor_api.vendor import DetailStream
from resources.vendors import discover
from tests.loading.conftest import DAY, Open
from tests.loading.forgetting import (
    NUMBERS,
    fetch_details,
    open_site,
    put_caller,
    recording,
    while_details_come,
)
from tests.loading.stream_scene import AUDIO
from tests.model.system import System

pytestmark = pytest.mark.usefixtures("nobody_is_forgotten")


@pytest.fixture(scope="module")
def system(own_system: System) -> System:
    """A night is one for the whole warehouse."""
    return own_system


def test_details_and_audio_go_too(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", str(tmp_path / "audio"))
    field, number, spelling = NUMBERS["vono"]
    here = scene("vono", streams=("recordings", "recording_audio"))
    here.put(here.thing(1))
    put_caller(here, here.thing(3), field, spelling)
    for thing in (1, 3):
        here.tenant.put_audio(thing, AUDIO)
    here.later(days=30)
    here.backfill()
    audio = discover()["vono"].stream("recording_audio")
    assert isinstance(audio, DetailStream)
    loader = here.system.loaders["vono"]

    def fetch() -> int:
        """Audio files that there are then."""
        assert loader.backfill([here.account], [audio], [DAY])[0].error is None
        return sum(file.is_file() for file in (tmp_path / "audio").rglob("*"))

    assert fetch() == 2
    erased = forget.forget_person(open_site(here, tmp_path), Person(number))
    assert erased["audio files"] == 1
    assert fetch() == 1
    here.backfill()
    assert fetch() == 1
    assert len(here.query("SELECT 1 FROM raw.heads WHERE account = :account")) == 2

    kept = here.query("SELECT recording_id FROM facts.recordings WHERE account = :account")[0][0]
    (tmp_path / "audio").rename(tmp_path / "elsewhere")
    erased = forget.forget_record(
        open_site(here, tmp_path), here.account.name, "recording_audio", kept
    )
    assert (erased["audio files"], erased[LOST_AUDIO]) == (0, 1), "it is told"
    here.backfill()
    assert fetch() == 0
    assert here.facts("recording_id", "call_date") == []
    left_out = here.query(
        "SELECT suppressed FROM ops.days WHERE account = :account AND stream = 'recordings'"
    )
    assert left_out == [(2,)]


@pytest.mark.parametrize("is_killed", [False, True])
@pytest.mark.parametrize("what", ["person", "record", "account"])
def test_what_is_forgotten_while_its_audio_comes_leaves_no_file(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, is_killed: bool
) -> None:
    """Nothing names the file yet."""
    here, number, files = recording(scene, tmp_path, monkeypatch)
    [(key,)] = here.query("SELECT record_key FROM raw.heads WHERE account = :account")
    account, site = here.account.name, open_site(here, tmp_path)
    goes: Callable[[], object] = {
        "person": lambda: forget.forget_person(site, Person(number)),
        "record": lambda: forget.forget_record(site, account, "recordings", key),
        "account": lambda: forget.forget_account(site, account),
    }[what]
    while_details_come(here, "recording_audio", goes, monkeypatch, is_killed)
    assert files() == []
    for name in ("raw.records", "raw.heads", "ops.details", "facts.recordings"):
        assert here.query(f"SELECT * FROM {name} WHERE account = :account") == [], name


def test_no_audio_is_looked_for_where_none_was_ever_loaded(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bucket takes its time, and loads wait meanwhile."""
    field, number, spelling = NUMBERS["vono"]
    here = scene("vono")
    put_caller(here, here.thing(3), field, spelling)
    here.backfill()
    monkeypatch.setattr(AudioStore, "remove_of", lambda *_: pytest.fail("it was asked"))
    erased = forget.forget_person(open_site(here, tmp_path), Person(number))
    assert erased["facts.recordings"] == 1


@pytest.mark.parametrize("has_raw", [True, False])
@pytest.mark.parametrize("what", ["forgotten", "audio for its age"])
def test_audio_goes_with_a_recording_that_is_rejected_now(
    system: System,
    scene: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    has_raw: bool,
) -> None:
    """No fact says any more where it is, nor raw where that has gone for its age."""
    later = DAY + timedelta(days=1)
    expiry.drop_audio(system.warehouse, later)  # others' who left some
    here, number, files = recording(scene, tmp_path, monkeypatch)
    fetch_details(here, "recording_audio")
    assert len(files()) == 1
    if not has_raw:
        expiry.drop_raw(here.system.warehouse, later)
    field, _, spelling = NUMBERS["vono"]
    put_caller(here, here.thing(3, broken=True), field, spelling)
    here.backfill()
    assert here.facts("recording_id", "audio_uri") == []
    if what == "forgotten":
        assert forget.forget_person(open_site(here, tmp_path), Person(number))["audio files"] == 1
    else:
        assert expiry.drop_audio(here.system.warehouse, later) == 1
        assert expiry.drop_audio(here.system.warehouse, later) == 0
    assert files() == []
