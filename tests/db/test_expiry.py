"""What goes for its age: facts, audio, what rejects hold."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assets.maintenance import expiry
from assets.refresh import refresh_days, refresh_marts
from resources.audio import AudioStore, place_of
from resources.configuration import retention
from resources.configuration.retention import Retention
from resources.errors import ConfigurationError
from resources.postgres.warehouse import Warehouse
from sql import facts
from tests.db.facts import DAY, OLD, put, put_day, query


def test_retention_is_a_whole_number_of_days() -> None:
    read = Retention.from_environment
    assert read({}) == Retention(ledger=90)
    assert read({retention.RAW: " 30 ", retention.LEDGER: "7"}) == Retention(raw=30, ledger=7)
    # What facts are made of doesn't outlive them.
    with_facts = read({retention.FACTS: "30", retention.AUDIO: "60"})
    assert (with_facts.raw, with_facts.facts, with_facts.audio) == (30, 30, 30)
    assert read({retention.RAW: "365000"}).raw == 365_000
    for wrong in ("0", "-1", "30d", "1.5", "365001", "9" * 5000):
        with pytest.raises(ConfigurationError, match=retention.REJECTS):
            read({retention.REJECTS: wrong})


def test_facts_go_with_all_they_came_from_and_the_counts_stay(
    loaded: Warehouse, tmp_path: Path
) -> None:
    audio = tmp_path / "a.mp3"
    audio.write_bytes(b"ID3")
    own = {"account": "acme", "stream": "calls", "call_date": OLD[0]}
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with loaded.transaction() as c:
        for day in (*OLD, DAY):
            put_day(c, account="acme", call_date=day, state="settling", raw_records=1, facts=1)
        put(c, "raw.heads", record_key="1", version=1, digest=f"{1:032}", observed_at=at,
            first_seen_at=at, **own)  # fmt: skip
        put(c, "ops.rejects", digest=f"{1:032}", field="f", reason="r", payload="{}", **own)
        put(c, "facts.recordings", recording_id="1", vendor="vono", started_at=at,
            audio_uri=audio.as_uri(), **own)  # fmt: skip
        c.exec_driver_sql("UPDATE facts.calls SET caller_key = 'ana'")
    list(refresh_days(loaded, [*OLD, DAY], always=True))
    with loaded.transaction() as c:
        for day in (*OLD, DAY):
            attempt = {"call_id": "1", "attempt_no": 1, "is_last": True, "outcome": "answered"}
            put(c, "facts.callback_attempts", vendor="x", **attempt, **own | {"call_date": day})
    marts = "SELECT call_date, calls FROM marts.calls_by_day ORDER BY 1"
    before = query(loaded, marts)
    assert len(before) == 3
    again = "SELECT call_date, callers, called_within_7_days FROM marts.repeat_callers_by_day"
    assert query(loaded, f"{again} ORDER BY 1") == [(OLD[0], 1, 0), (OLD[1], 1, 1), (DAY, 1, 0)]
    done = expiry.drop_facts(loaded, OLD[1])
    assert sorted(done.dropped) == sorted(
        [
            *(f"facts_partitions.{name}_20260101" for name in facts.TABLES),
            "raw_partitions.records_20260101",
        ]
    )
    assert not audio.exists()
    for table in ("raw.heads", "ops.rejects"):
        assert query(loaded, f"SELECT count(*) FROM {table}") == [(0,)]
    assert query(loaded, "SELECT count(*) FROM facts.calls") == [(2,)]
    for of_persons in ("marts.callers_by_day", "facts.callback_attempts"):
        left = f"SELECT call_date FROM {of_persons} ORDER BY 1"
        assert query(loaded, left) == [(OLD[1],), (DAY,)], of_persons
    # Who called on a day that is gone nobody knows.
    assert query(loaded, f"{again} ORDER BY 1") == [(OLD[1], 1, None), (DAY, 1, 0)]
    # Whatever says that the marts are behind, and whoever asks for them: they keep their totals.
    loaded.run("maintenance/mark_all_stale", marts=["calls_by_day"])
    refresh_marts(loaded)
    list(refresh_days(loaded, [OLD[0]], always=True))
    assert query(loaded, marts) == before
    # With what was in no table but that of rejects, as it had no key.
    days = "SELECT call_date, raw_records, facts, rejects, expired_at IS NOT NULL FROM ops.days"
    assert query(loaded, f"{days} ORDER BY 1") == [
        (OLD[0], 2, 1, 1, True), (OLD[1], 1, 1, 0, False), (DAY, 1, 1, 0, False),
    ]  # fmt: skip
    unsettled = loaded.rows("plan/unsettled_days", account="acme", stream="calls", first=OLD[0],
                            last=OLD[1], now=loaded.now())  # fmt: skip
    assert [row.call_date for row in unsettled] == [OLD[1]], "it isn't read again by itself"
    assert expiry.drop_facts(loaded, OLD[1]).dropped == []


def test_audio_goes_and_is_known_to_have_been_fetched(loaded: Warehouse, tmp_path: Path) -> None:
    files = [tmp_path / "old.mp3", tmp_path / "new.mp3"]
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with loaded.transaction() as c:
        for file, day in zip(files, (OLD[0], DAY), strict=True):
            file.write_bytes(b"ID3")
            own = {"account": "acme", "call_date": day}
            put(c, "facts.recordings", recording_id="1", vendor="vono", stream="recordings",
                started_at=at + (day - OLD[0]), audio_uri=file.as_uri(), **own)  # fmt: skip
            put(c, "raw.records", stream="recording_audio", record_key="1", version=1,
                payload=json.dumps({"audio_uri": file.as_uri()}), first_seen_at=at, request_id=1,
                **own)  # fmt: skip
    list(refresh_days(loaded, [OLD[0], DAY], always=True))
    assert expiry.drop_audio(loaded, DAY) == 1
    assert [file.exists() for file in files] == [False, True]
    assert refresh_marts(loaded) == [OLD[0]]
    kept = "SELECT call_date, recordings, fetched FROM marts.recordings_by_day ORDER BY 1"
    assert query(loaded, kept) == [(OLD[0], 1, 0), (DAY, 1, 1)]
    left = "SELECT call_date, audio_uri FROM facts.recordings ORDER BY 1"
    assert query(loaded, left) == [(OLD[0], None), (DAY, files[1].as_uri())]
    raw = "SELECT call_date FROM raw.records WHERE stream = 'recording_audio'"
    assert query(loaded, raw) == [(DAY,)]


def test_audio_of_what_is_rejected_now_goes_once(
    loaded: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing says any more where it is, as raw is gone: in the place that its head's day gives."""
    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", str(tmp_path))
    monkeypatch.setattr(expiry, "FILES", 1)
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    files = [tmp_path / place_of("acme", OLD[0], key) for key in "123"]
    with loaded.transaction() as c:
        for file, key in zip(files, "123", strict=True):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"ID3")
            own = {"account": "acme", "record_key": key, "digest": f"{1:032}"}
            put(c, "raw.heads", stream="recording_audio", call_date=OLD[0], version=1,
                observed_at=at, first_seen_at=at, **own)  # fmt: skip
            put(c, "ops.rejects", stream="recordings", call_date=OLD[1], field="f", reason="r",
                payload="{}", **own)  # fmt: skip
    assert expiry.drop_audio(loaded, DAY) == 3
    assert not any(file.exists() for file in files)
    monkeypatch.setattr(AudioStore, "remove_of", lambda *_: pytest.fail("it is known to be gone"))
    assert expiry.drop_audio(loaded, DAY) == 0


def test_rejects_lose_what_they_hold_and_stay(warehouse: Warehouse) -> None:
    now = datetime.now(UTC)
    with warehouse.transaction() as c:
        for number, age in enumerate((1, 40)):
            put(c, "ops.rejects", call_date=DAY, field="f", reason="r", record_key=str(number),
                digest=f"{number:032}", payload='{"caller": "+56987654321"}',
                first_seen_at=now - timedelta(days=age),
                account="acme", stream="calls")  # fmt: skip
    assert expiry.empty_rejects(warehouse, timedelta(days=30)) == 1
    assert expiry.empty_rejects(warehouse, timedelta(days=30)) == 0
    held = "SELECT record_key, payload::text LIKE '%56%' FROM ops.rejects ORDER BY 1"
    assert query(warehouse, held) == [("0", True), ("1", False)]
