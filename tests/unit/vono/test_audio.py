"""Vono's audio: checked, and put away by day."""

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.audio import AUDIO as AUDIO_URL
from resources.audio import INCOMING, AudioStore
from resources.errors import (
    ConfigurationError,
    ContractError,
    FailedAnswerError,
    PermanentError,
    RecordError,
    TransientError,
    VendorError,
)
from resources.standin import Fault, Tenant
from resources.vendor_api.vendor import Page, Parent
from resources.vendors import discover
from tests.unit.helpers import Grants, account, rows
from tests.unit.vono.conftest import (
    AUDIO,
    NAME,
    PARENT,
    STARTED_AT,
    asked,
    assert_hidden,
    stream,
)


def test_audio_is_checked_and_put_away_by_day(fetch: Callable[..., Page], tmp_path: Path) -> None:
    page = fetch()
    # 01:30 UTC is still the day before in São Paulo.
    file = tmp_path / "audio files" / "test-br" / "2020" / "03" / "14" / NAME
    sha256 = hashlib.sha256(AUDIO).hexdigest()
    manifest = {
        "record_id": "1976",
        "audio_uri": f"file://{file}",
        "audio_sha256": sha256,
        "size_bytes": len(AUDIO),
    }
    assert page.records == [manifest]
    assert file.read_bytes() == AUDIO
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]
    found = stream("recording_audio").normalise(page.records, account("vono"))
    assert rows(found) == {"audio": [{"audio_uri": f"file://{file}", "audio_sha256": sha256}]}
    assert (found.started_at, found.rejects) == (None, [])
    assert stat.S_IMODE(file.stat().st_mode) & stat.S_IRWXO == 0


def test_a_broken_download_starts_again_from_nothing(
    fetch: Callable[..., Page], tenant: Tenant, grants: Grants
) -> None:
    tenant.arm(Fault.half_body())
    [manifest] = fetch().records
    assert manifest["audio_sha256"] == hashlib.sha256(AUDIO).hexdigest()
    assert [outcome.status for outcome in grants.outcomes] == [200, 200]
    assert asked(grants)[1] == {"id_record": "1976", "is_download": "1"}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.status(404), ContractError),  # a page of whoever stands in between
        (Fault.status(404, payload={"message": "Not found"}), ContractError),
        (Fault.status(404, payload={"error": 1, "reason": "Token inválido"}), PermanentError),
        (Fault.html(), FailedAnswerError),
    ],
)
@pytest.mark.usefixtures("once")
def test_only_the_vendors_own_404_says_that_there_is_no_audio(
    fetch: Callable[..., Page], tenant: Tenant, fault: Fault, error: type[VendorError]
) -> None:
    tenant.arm(fault)
    with pytest.raises(error) as caught:
        fetch()
    assert type(caught.value) is error


def test_what_the_vendor_no_longer_has_may_have_been_put_away_before(
    fetch: Callable[..., Page], tenant: Tenant
) -> None:
    page = fetch()
    tenant.remove_audio(1976)
    assert fetch().records == page.records


def test_audio_that_is_not_there_is_no_record(fetch: Callable[..., Page], tmp_path: Path) -> None:
    assert fetch(Parent("3/1", PARENT.started_at)).records == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("audio", "size", "error"),
    [
        (b"RIFF....WAVE", None, RecordError),
        (b"", None, RecordError),
        (b"<html>", None, FailedAnswerError),
        (b'{"error": 1, "reason": "Token ou chave"}', None, PermanentError),
        (b'{"error": 1, "reason": "?"}', None, ContractError),
        (b'{"error": 0, "reason": "?"}', None, FailedAnswerError),
        (AUDIO, len(AUDIO) * 2, RecordError),
        (AUDIO[: len(AUDIO) // 2], len(AUDIO), RecordError),
    ],
)
def test_what_is_not_the_recording_is_not_kept(
    fetch: Callable[..., Page],
    tenant: Tenant,
    grants: Grants,
    tmp_path: Path,
    audio: bytes,
    size: int | None,
    error: type[VendorError],
) -> None:
    tenant.put_audio(1976, audio)
    with pytest.raises(error) as caught:
        fetch(Parent("3/1976", STARTED_AT, {"size_bytes": size}))
    assert type(caught.value) is error
    assert_hidden(caught.value, grants)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_listed_size_is_rounded(fetch: Callable[..., Page], tenant: Tenant) -> None:
    tenant.put_audio(1976, b"\xff\xfb" + AUDIO)
    assert fetch(Parent("3/1976", STARTED_AT, {"size_bytes": len(AUDIO) - 1000})).records


def test_a_key_stays_within_its_folder(
    fetch: Callable[..., Page], tenant: Tenant, tmp_path: Path
) -> None:
    tenant.put_audio("../..", AUDIO)
    [manifest] = fetch(Parent("../../..", PARENT.started_at)).records
    assert manifest["audio_uri"].startswith(f"file://{tmp_path}/audio files/test-br/2020/03/14/")


def test_two_keys_never_share_a_file(
    fetch: Callable[..., Page], tenant: Tenant, tmp_path: Path
) -> None:
    """Nor where a file system takes upper for lower case, or allows no long names."""
    keys = [
        "7/a.b",
        "7/a-b",
        "7/A-b",
        "7/" + "x" * 300,
        "7/" + "x" * 299 + "y",
        "7/a/b",
        "7/ã",
        "7/",
    ]
    names = set()
    for key in keys:
        tenant.put_audio(key.partition("/")[2], AUDIO)
        [manifest] = fetch(Parent(key, STARTED_AT)).records
        name = manifest["audio_uri"].rpartition("/")[2]
        assert len(name.encode()) <= 100
        assert re.fullmatch(r"[0-9a-z-]+\.mp3", name)
        names.add(name)
    assert len(names) == len(keys)
    assert len([path for path in tmp_path.rglob("*.mp3") if path.is_file()]) == len(keys)


def test_an_object_store_gets_whole_files(
    fetch: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec

    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", "memory://bucket/calls/")
    [manifest] = fetch().records
    assert manifest["audio_uri"] == "memory:///bucket/calls/test-br/2020/03/14/" + NAME
    assert fsspec.filesystem("memory").cat(manifest["audio_uri"]) == AUDIO


def test_a_store_that_cannot_be_used_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(AUDIO_URL, "nowhere://bucket")
    with pytest.raises(ConfigurationError, match="CALLHOUSE_AUDIO_URL: Protocol not known"):
        AudioStore()
    with pytest.raises(TransientError, match="Protocol not known"):
        AudioStore.remove("nowhere://bucket/kept.mp3")
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    monkeypatch.setenv(AUDIO_URL, str(occupied))
    with pytest.raises(TransientError, match="can't be kept"), AudioStore().incoming():
        pass


def test_audio_goes_to_callhouses_home_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALLHOUSE_AUDIO_URL", raising=False)
    monkeypatch.setenv("CALLHOUSE_HOME", str(tmp_path))
    with AudioStore().incoming() as file:
        assert Path(str(file.name)).parent == tmp_path / "audio"


@pytest.mark.parametrize("url", ["folder", "memory://bucket"])
def test_what_a_killed_download_left_is_swept_by_a_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """A day later; what another worker is writing to, and what isn't ours, stays."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv(AUDIO_URL, str(tmp_path) if url == "folder" else url)
    store = AudioStore()
    left, running, other = (
        tmp_path / name for name in (f"{INCOMING}left", f"{INCOMING}running", ".incoming-other")
    )
    now = datetime.now(UTC).timestamp()
    for path, hours in ((left, 25), (running, 23), (other, 25)):
        path.touch()
        os.utime(path, (now - hours * 3600,) * 2)
    with store.incoming() as file:
        assert set(tmp_path.iterdir()) == {running, other, Path(str(file.name))}
    assert set(tmp_path.iterdir()) == {running, other}


def test_audio_is_loaded_only_where_it_is_asked_for() -> None:
    assert discover()["vono"].default_streams == ("recordings",)
