"""A bucket of S3: what is said when it isn't to be had. What a real server keeps: test_buckets."""

import multiprocessing
import sys
import time
import traceback

import pytest

from pipelines.commands.check import check_stores
from resources.audio import AUDIO, AudioStore
from resources.errors import ConfigurationError, TransientError
from resources.report.place import REPORT
from resources.stores import s3 as client
from resources.stores.filesystem import FileSystem
from resources.stores.store import Removal
from resources.stores.trial import try_out
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
    monkeypatch.setattr(client, "HOST_ROLES", [role := "127.0.0.1:1"])
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", f"http://{role}")
    with pytest.raises(TransientError, match="there are no credentials: set AWS_ACCESS_KEY_ID"):
        keep()


@pytest.mark.parametrize(
    "url",
    [
        "s3://", "s3:///prefix", "s3://AK:a-secret@bucket/prefix",
        " s3://AK:a-secret@bucket", "s3:/bucket/prefix", "S3://bucket/prefix",
    ],
)  # fmt: skip
def test_a_url_names_a_bucket_and_no_secret(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv(AUDIO, url)
    with pytest.raises(ConfigurationError, match="expected s3://bucket/prefix") as caught:
        AudioStore()
    assert "a-secret" not in str(caught.value)


@pytest.mark.parametrize("prefix", ["a//b", "../b", "a/..", "./a", "a\nb"])
def test_a_prefix_that_no_client_takes_is_refused(
    monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    monkeypatch.setenv(AUDIO, f"s3://bucket/{prefix}")
    with pytest.raises(ConfigurationError, match="a prefix has no empty part"):
        AudioStore()


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("AWS_SECRET_ACCESS_KEY", "", "belong together: set both, or neither"),
        ("AWS_ACCESS_KEY_ID", "", "belong together: set both, or neither"),
        ("AWS_SKIP_SIGNATURE", "a-secret", "can't work with these settings"),
    ],
)
def test_settings_that_make_no_client_are_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, advice: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=advice) as caught:
        AudioStore()
    assert "a-secret" not in str(caught.value)
    with pytest.raises(TransientError, match=advice):
        AudioStore.remove(f"{URL}/a.mp3")


def test_a_proxy_is_named_where_nothing_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://somebody:a-secret@127.0.0.1:1")
    with pytest.raises(TransientError, match="by way of http_proxy, unless NO_PROXY") as caught:
        keep()
    assert "a-secret" not in str(caught.value)


def test_only_a_key_that_isn_t_there_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is a bucket that is gone, nor a server that has no page there."""
    uri = f"{URL}/a.mp3"
    asks = (AudioStore.exists, AudioStore.remove, lambda _: AudioStore().store.read("a.mp3"))
    for code, advice in (("NoSuchBucket", "no such bucket"), ("", "no store of S3")):
        with says(Told(404, code)) as endpoint:
            monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
            for ask in asks:
                with pytest.raises(TransientError, match=advice):
                    ask(uri)
    with says(Told(404, "NoSuchKey")) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        assert [ask(uri) for ask in asks] == [False, Removal.NOT_THERE, None]


def test_what_answers_everything_has_done_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page for logging in, to which a proxy redirects."""
    page = {name: value for name, value in VERSIONED.items() if name != "x-amz-version-id"}
    with says(Told(200, headers=page)) as login:
        for code in (200, 303):
            with says(Told(code, headers=page | {"location": login})) as endpoint:
                monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
                for work in (keep, lambda: AudioStore.remove(f"{URL}/a.mp3")):
                    with pytest.raises(TransientError, match=r"isn't: what answers is no store"):
                        work()


def _fails_in_a_fork() -> None:
    with pytest.raises(ConfigurationError, match="would hang here"):
        AudioStore()


def test_a_fork_of_a_process_that_used_it_fails_and_doesn_t_hang() -> None:
    with pytest.raises(TransientError):
        keep()
    child = multiprocessing.get_context("fork").Process(target=_fails_in_a_fork)
    child.start()
    child.join(30)
    assert child.exitcode == 0


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


def test_a_trial_that_fails_leaves_no_file_or_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileSystem("memory://trial")

    def refuses(_: str) -> None:
        raise TransientError("access is denied")

    monkeypatch.setattr(store, "read", refuses)
    with pytest.raises(TransientError, match=r"reading fails: access is denied$"):
        try_out(store)
    assert store._files.find("/trial") == []
    monkeypatch.setattr(store, "remove", refuses)
    with pytest.raises(TransientError, match=r"denied; memory:///trial/\S+ is left: delete it"):
        try_out(store)
