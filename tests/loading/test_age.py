"""Days that go for their age while something is loaded."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from assets.maintenance import expiry
from assets.refresh import refresh_marts
from resources.standin import Fault
from resources.vendors import discover
from tests.loading.conftest import DAY, Open, Scene
from tests.loading.forgetting import recording, while_details_come
from tests.model.system import System


@pytest.fixture(scope="module")
def system(own_system: System) -> System:
    """A night is one for the whole warehouse."""
    return own_system


def test_a_day_that_went_for_its_age_may_be_asked_for_again(scene: Open) -> None:
    """By a process that had made its partitions before."""
    first, second = scene("evolux"), scene("evolux")
    for here in (first, second):
        here.put(here.thing(1))
        here.later(days=30)
        here.backfill()
        expiry.drop_facts(here.system.warehouse, DAY + timedelta(days=1))
    second.backfill()
    assert (len(second.versions()), second.day().rejects) == (1, 0)


@pytest.mark.parametrize("what", ["less", "nothing", "half of it", "more"])
def test_a_backfill_changes_nothing_of_what_is_said_of_a_day_that_went_for_its_age(
    scene: Open, what: str
) -> None:
    """Its marts stay, so do its counts and its trust: a vendor shows less of old days."""
    here = scene("evolux", streams=("calls", "call_details"))
    things = [here.thing(number, minutes=number) for number in range(1, 71)]
    here.put(*things)
    here.later(days=5)
    details = discover()["evolux"].stream("call_details")
    loader = here.system.loaders["evolux"]

    def backfill() -> str | None:
        results = loader.backfill([here.account], [here.stream, details], [DAY])
        here.later(hours=9)
        return results[0].error

    for _ in range(8):  # until the details are given up
        assert backfill() is None
    refresh_marts(here.system.warehouse)
    expiry.drop_facts(here.system.warehouse, DAY + timedelta(days=1))

    def said() -> list[Any]:
        refresh_marts(here.system.warehouse)
        return here.query(
            "SELECT stream, state, vendor_total, d.raw_records, facts, note, t.trust, t.why,"
            " (SELECT sum(calls) FROM marts.calls_by_day m WHERE m.account = t.account)"
            " FROM marts.completeness_by_day d JOIN marts.trust_by_day t USING (account, call_date)"
            f" WHERE account = :account AND call_date = '{DAY}' ORDER BY 1"
        )

    before = said()
    assert [line[1:5] for line in before] == [("complete", 70, 0, 0), ("complete", 70, 70, 70)]
    here.requests()
    for thing in things[{"less": 50, "nothing": 0}.get(what, 70) :]:
        here.remove(thing)
    if what == "more":
        here.put(here.thing(71))
    if what == "half of it":
        here.tenant.arm(Fault.status(500), 99, after=1)
    for _ in range(3):
        assert (backfill() is None) == (what != "half of it")
        assert said() == before
        assert here.unreconciled() == []
    assert here.requests()
    expiry.drop_facts(here.system.warehouse, DAY + timedelta(days=1))
    assert said() == before


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_day_that_goes_for_its_age_while_its_audio_comes_leaves_no_file(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_killed: bool
) -> None:
    here, _, files = recording(scene, tmp_path, monkeypatch)
    goes = partial(expiry.drop_facts, here.system.warehouse, DAY + timedelta(days=1))
    while_details_come(here, "recording_audio", goes, monkeypatch, is_killed)
    assert files() == []


@pytest.mark.parametrize("is_killed", [False, True])
def test_audio_that_a_backfill_brings_when_the_days_has_gone_for_its_age_goes_too(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_killed: bool
) -> None:
    here, _, files = recording(scene, tmp_path, monkeypatch)
    drop = expiry.drop_raw

    def drop_after_backfill(*asked: Any) -> expiry.Dropped:
        with monkeypatch.context() as meanwhile:
            while_details_come(here, "recording_audio", lambda: None, meanwhile, is_killed)
        assert len(files()) == 1
        return drop(*asked)

    monkeypatch.setattr(expiry, "drop_raw", drop_after_backfill)
    expiry.drop_facts(here.system.warehouse, DAY + timedelta(days=1))
    assert files() == []


def test_a_backfill_while_its_day_goes_for_its_age_leaves_nothing_for_good(
    scene: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before raw goes, and before the facts do."""
    here = scene("evolux")
    here.put(here.thing(1), here.thing(2))
    here.put(here.thing(3, broken=True))
    here.later(days=30)
    here.backfill()
    drop = expiry._drop_partitions
    in_full: list[bool] = []

    def drop_after_backfill(*asked: Any) -> expiry.Dropped:
        assert here.backfill().error is None
        in_full.append((here.day().facts, here.day().rejects, len(open_rejects(here))) == (2, 1, 1))
        return drop(*asked)

    night = partial(expiry.drop_facts, here.system.warehouse, DAY + timedelta(days=1))
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(expiry, "_drop_partitions", drop_after_backfill)
        night()
    assert in_full == [True, True]
    night()
    for table in ("raw.heads", "raw.records", "ops.rejects", "facts.calls"):
        assert here.query(f"SELECT * FROM {table} WHERE account = :account") == [], table
    here.query(
        "INSERT INTO ops.rejects (account, stream, call_date, digest, field, reason, payload)"
        f" VALUES (:account, 'calls', '{DAY}', md5('')::uuid, 'record', 'r', '{{}}') RETURNING 1"
    )
    night()
    assert open_rejects(here) == [], "also where the day has no partitions any more"
    assert here.backfill().error is None
    assert (here.day().facts, len(open_rejects(here))) == (2, 1)


def open_rejects(here: Scene) -> list[Any]:
    return here.query("SELECT 1 FROM ops.rejects WHERE account = :account")
