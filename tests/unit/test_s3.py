"""A bucket of S3: what is said when it isn't to be had. What a real server keeps: test_buckets."""

import sys
import time
import traceback

import pytest

from pipelines.commands.check import check_stores
from resources.audio import AUDIO, AudioStore
from resources.errors import ConfigurationError, TransientError
from resources.report.place import REPORT
from resources.stores import s3 as client
from resources.stores.store import Removal
from tests.s3_server import BUCKET, SECRET, Told, environment_of, says
from tests.unit.helpers import account

URL = f"s3://{BUCKET}/call recordings/São Paulo"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(AUDIO, URL)
    for name, value in environment_of("http://somebody:a-password@127.0.0.1:1").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(client, "PATIENCE", {"connect_timeout": "1s", "timeout": "1s"})
    monkeypatch.setattr(client, "RETRIES", {"max_retries": 0})
    client._client.cache_clear()


def keep() -> str:
    """Puts audio away, as a vendor does; returns its URI."""
    store = AudioStore()
    with store.incoming() as file:
        file.write(b"ID3")
        return store.keep(file, "acme/a.mp3").uri


@pytest.mark.parametrize(
    ("told", "advice"),
    [
        (Told(404, "NoSuchBucket"), r"no such bucket: create it.*\(NoSuchBucket\)"),
        (Told(403, "AccessDenied"), r"need s3:PutObject.*\(AccessDenied\)"),
        (Told(403, "InvalidAccessKeyId"), "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY aren't"),
        (Told(403, "SignatureDoesNotMatch"), "AWS_SECRET_ACCESS_KEY aren't accepted"),
        (Told(400, "ExpiredToken"), "have expired"),
        (Told(403, "RequestTimeTooSkewed"), "clock and the store's disagree"),
        (Told(301, "PermanentRedirect"), "another region: correct AWS_REGION"),
        (Told(400, "AuthorizationHeaderMalformed"), "another region: correct AWS_REGION"),
        (Told(503, "SlowDown"), "overloaded or in trouble: it is tried again"),
        (Told(507, "XMinioStorageFull"), "disk is full"),
        (Told(418, ""), r"refuses it \(HTTP 418\)"),
        (Told(), r"no answer in time \(AWS_ENDPOINT_URL is http://"),
    ],
)
def test_what_a_server_says_becomes_what_to_do(
    monkeypatch: pytest.MonkeyPatch, told: Told, advice: str
) -> None:
    with says(told) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        before = time.monotonic()
        with pytest.raises(TransientError, match=advice) as caught:
            keep()
        assert time.monotonic() - before < 5
    assert "s3://calls/call recordings" in str(caught.value)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert "Credential=" not in shown
    assert SECRET not in shown


def test_a_store_that_is_away_says_so() -> None:
    with pytest.raises(TransientError, match=r"nothing answers \(AWS_ENDPOINT_URL is http://127"):
        keep()
    with pytest.raises(TransientError, match="nothing answers"):
        AudioStore.exists(f"{URL}/a.mp3")


def test_what_the_environment_lacks_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    client._client.cache_clear()
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "obstore.store", None)
        with pytest.raises(ConfigurationError, match=r"CALLHOUSE_AUDIO_URL: .*pip install obstore"):
            AudioStore()
        with pytest.raises(TransientError, match=r"reached from here: .*pip install obstore"):
            AudioStore.exists(f"{URL}/a.mp3")
    without_key = {name for name in environment_of("") if name != "AWS_ENDPOINT_URL"}
    for name in without_key:
        monkeypatch.delenv(name)
    monkeypatch.setattr(client, "HOST_ROLE", (role := "127.0.0.1:1"))
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", f"http://{role}")
    with pytest.raises(TransientError, match="there are no credentials: set AWS_ACCESS_KEY_ID"):
        keep()


@pytest.mark.parametrize("url", ["s3://", "s3:///prefix", "s3://AK:a-secret@bucket/prefix"])
def test_a_url_names_a_bucket_and_no_secret(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv(AUDIO, url)
    with pytest.raises(ConfigurationError, match="expected s3://bucket/prefix") as caught:
        AudioStore()
    assert "a-secret" not in str(caught.value)


def test_settings_that_are_empty_or_odd_end_nobodys_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with says(Told(403, "AccessDenied")) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "")
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        with pytest.raises(TransientError, match="AccessDenied"):
            keep()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "s3.example.com")
    with pytest.raises(ConfigurationError, match="AWS_ENDPOINT_URL: expected https://host"):
        keep()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://[")
    with pytest.raises(TransientError, match="can't work with these settings"):
        keep()


VERSIONED = {
    "x-amz-version-id": "3",
    "etag": '"1"',
    "last-modified": "Wed, 11 Mar 2026 12:00:00 GMT",
}


def test_a_bucket_that_keeps_versions_lets_go_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with says(Told(200, headers=VERSIONED)) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        assert AudioStore.remove(f"{URL}/a.mp3") is Removal.VERSION_STAYS


def test_check_tries_the_stores_and_names_the_step_that_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(REPORT, "memory://reports")
    with says(Told(403, "AccessDenied")) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        audio, report = check_stores([])
    assert (audio.what, audio.well) == ("audio", False)
    assert audio.message.startswith(f"writing fails: {URL}/.callhouse-check-")
    assert "need s3:PutObject" in audio.message
    assert (report.what, report.well) == ("report", True)
    monkeypatch.delenv(AUDIO)
    monkeypatch.delenv(REPORT)
    assert check_stores([account("vono")]) == []
    [finding] = check_stores([account("vono", streams=("recordings", "recording_audio"))])
    assert (finding.what, finding.well) == ("audio", True)
