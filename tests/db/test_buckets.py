"""What a real S3 server keeps of audio, and that half of it is nothing."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from resources.audio import AUDIO, AudioStore
from resources.errors import ConfigurationError, TransientError
from resources.stores import s3 as client
from resources.stores.places import store_at
from resources.stores.store import Removal
from tests.s3_server import (
    ADMIN,
    ADMINS_SECRET,
    BUCKET,
    READER,
    READERS_SECRET,
    S3Server,
    Way,
    environment_of,
)

pytestmark = pytest.mark.long

URL = f"s3://{BUCKET}/call recordings/São Paulo"
MP3 = b"ID3" + b"\xff" * 100_000


@pytest.fixture(autouse=True)
def _environment(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(AUDIO, URL)
    for name, value in environment_of(s3.endpoint).items():
        monkeypatch.setenv(name, value)
    s3.empty()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE", {"connect_timeout": "1s", "timeout": "1s"})
    monkeypatch.setattr(client, "RETRIES", {"max_retries": 0})
    client._client.cache_clear()


def keep(content: bytes = MP3, path: str = "acme/2026/03/10/a ü+%41#.mp3") -> str:
    """Puts audio away, as a vendor does; returns its URI."""
    store = AudioStore()
    with store.incoming() as file:
        file.write(content)
        return store.keep(file, path).uri


def test_a_file_is_kept_found_and_deleted(s3: S3Server) -> None:
    uri = keep()
    assert uri == f"{URL}/acme/2026/03/10/a ü+%41#.mp3"
    key = uri.removeprefix(f"s3://{BUCKET}/")
    assert s3.objects() == {key: len(MP3)}
    assert s3.content(key) == MP3
    assert AudioStore.exists(uri)
    keep(MP3 + b"again")
    assert s3.objects() == {key: len(MP3) + 5}
    assert AudioStore.remove(uri) is Removal.DELETED
    assert AudioStore.remove(uri) is Removal.NOT_THERE
    assert not AudioStore.exists(uri)
    assert s3.objects() == {}


@pytest.mark.parametrize("ask", [AudioStore.exists, AudioStore.remove])
def test_a_bucket_that_isnt_there_is_told_to_whoever_may_look(
    ask: Callable[[str], object], monkeypatch: pytest.MonkeyPatch, s3: S3Server
) -> None:
    with pytest.raises(TransientError, match=r"access is denied|no such bucket"):
        ask("s3://gone/acme/a.mp3")
    for name, value in environment_of(s3.endpoint, ADMIN, ADMINS_SECRET).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TransientError, match="no such bucket"):
        ask("s3://gone/acme/a.mp3")


def test_a_large_file_goes_in_parts(s3: S3Server) -> None:
    content = b"ID3" + bytes(3 * client.PART)
    uri = keep(content)
    assert s3.content(uri.removeprefix(f"s3://{BUCKET}/")) == content


def test_what_is_in_memory_is_written_and_read(s3: S3Server) -> None:
    store = store_at(URL)
    assert store.read("calls.html") is None
    assert store.write(b"<html>", "calls.html", "text/html") == f"{URL}/calls.html"
    assert store.read("calls.html") == b"<html>"


def test_a_key_that_may_only_read_says_so(monkeypatch: pytest.MonkeyPatch, s3: S3Server) -> None:
    uri = keep()
    for name, value in environment_of(s3.endpoint, READER, READERS_SECRET).items():
        monkeypatch.setenv(name, value)
    assert AudioStore.exists(uri)
    for work in (keep, lambda: AudioStore.remove(uri)):
        with pytest.raises(TransientError, match="access is denied"):
            work()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(TransientError, match="SignatureDoesNotMatch"):
        keep()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("size", [len(MP3), 2 * client.PART])
def test_half_an_upload_is_none(s3: S3Server, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    with Way(s3.endpoint, size // 2).open() as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        with pytest.raises(TransientError, match=r"the connection broke|no answer|nothing answers"):
            keep(b"ID3" + bytes(size))
    assert s3.objects() == {}


KILLED = """
from resources.audio import AUDIO, AudioStore
store = AudioStore()
with store.incoming() as file:
    file.write(bytes(32 * 1024**2))
    store.keep(file, "a.mp3")
"""


def test_a_killed_upload_leaves_nothing(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    way = Way(s3.endpoint, client.PART, holds=True)
    with way.open() as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        with subprocess.Popen([sys.executable, "-c", KILLED]) as process:
            assert way.held.wait(60)
            process.kill()
    assert s3.objects() == {}


def test_other_variables_of_aws_are_heeded(
    monkeypatch: pytest.MonkeyPatch, s3: S3Server, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"{s3.endpoint}/")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert AudioStore.exists(keep())
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "none"))
    with pytest.raises(ConfigurationError, match="AWS_CA_BUNDLE: No such file"):
        keep()
