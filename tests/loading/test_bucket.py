"""Audio in a bucket: the object, the row that says where, and nothing when it is forgotten."""

import hashlib
from pathlib import Path

import pytest

from assets.loading.audio_files import LOST_AUDIO
from assets.privacy import forget
from tests.loading.conftest import Open
from tests.loading.stream_scene import AUDIO, StreamScene
from tests.privacy_site import site_of
from tests.s3_server import BUCKET, SECRET, S3Server, environment_of

WHERE = (
    "SELECT recording_id, audio_uri, audio_sha256 FROM facts.recordings WHERE account = :account"
)


def test_audio_comes_and_goes(
    scene: Open, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.empty()
    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", f"s3://{BUCKET}/audio")
    for name, value in environment_of("http://127.0.0.1:1").items():
        monkeypatch.setenv(name, value)
    subject = StreamScene(scene, "vono.recording_audio")
    here = subject.here
    subject.put(1)
    here.later(days=30)
    here.backfill()

    assert "nothing answers (AWS_ENDPOINT_URL" in str(subject.poll().error)
    assert here.poll().error is None, "what isn't audio goes on"

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint)
    assert subject.backfill().error is None
    [(recording, uri, sha256)] = here.query(WHERE)
    key = uri.removeprefix(f"s3://{BUCKET}/")
    assert key.startswith(f"audio/{here.account.name}/2025/03/12/")
    assert s3.objects() == {key: len(AUDIO)}
    assert sha256 == hashlib.sha256(AUDIO).hexdigest()
    every_row = here.query("SELECT to_jsonb(r)::text FROM ops.requests r WHERE account = :account")
    assert SECRET not in str(every_row)

    site = site_of(here.system.warehouse, {here.account.name: here.account}, tmp_path)
    erased = forget.forget_record(site, here.account.name, "recordings", recording)
    assert (erased["audio files"], erased[LOST_AUDIO]) == (1, 0)
    assert s3.objects() == {}
