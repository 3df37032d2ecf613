"""Details and audio, each by itself: what is wrong with one stops no other, and is its own."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assets.privacy.forget import forget_record
from resources.audio import AudioStore
from resources.standin import Fault
from resources.standin.answer import Ask
from resources.vendors.evolux.client import Evolux
from tests.loading.conftest import DAY, NOON, Open, Scene
from tests.loading.forgetting import NUMBERS, put_caller, suppress
from tests.loading.stream_scene import AUDIO, DETAILS, StreamScene
from tests.privacy_site import site_of


@pytest.fixture
def subject(
    scene: Open, request: pytest.FixtureRequest, tmp_path: Any, monkeypatch: Any
) -> StreamScene:
    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", str(tmp_path))
    return StreamScene(scene, request.param)


each = pytest.mark.parametrize("subject", DETAILS, indirect=True)


def of(number: int) -> Callable[[Ask], bool]:
    """Questions for one record's detail."""
    return lambda ask: f"/{number}/cdr" in ask.path or ask.query.get("id_record") == str(number)


def lacking(subject: StreamScene) -> list[Any]:
    """What is known of details that didn't come: key, attempts, failures, hours until the next."""
    rows = subject.here.query(
        "SELECT record_key, attempts, failures, next_try_at FROM ops.details d "
        "WHERE account = :account AND NOT EXISTS (SELECT FROM raw.heads h WHERE NOT rejected AND "
        "(h.account, h.stream, h.record_key) = (d.account, d.stream, d.record_key)) ORDER BY 1"
    )
    now = subject.here.system.clock.now()
    return [
        (key, attempts, failures, due and (due - now) / timedelta(hours=1))
        for key, attempts, failures, due in rows
    ]


def day(subject: StreamScene) -> Any:
    """The day's state and note."""
    query = "SELECT state, note FROM ops.days WHERE account = :account AND call_date = '{}' AND "
    return subject.here.query(query.format(DAY) + f"stream = '{subject.stream.name}'")[0]


NOT_ITS_OWN = {
    "a page": Fault.html(),
    "a log-in form": Fault.login(),
    "success: false": Fault.unsuccessful(),
    "a page with 404": Fault.firewall(404),
    "404 of another server": Fault.status(404, payload={"detail": "Not Found"}),
    "a 500": Fault.status(500),
    "a reset connection": Fault.reset(),
}


@each
@pytest.mark.parametrize("what", NOT_ITS_OWN)
def test_only_the_vendors_own_404_uses_up_attempts(subject: StreamScene, what: str) -> None:
    subject.put(1)
    for _ in range(6):
        subject.tenant.disarm()
        subject.arm(NOT_ITS_OWN[what])
        subject.here.later(hours=1)
        assert subject.poll().state == "failed"
        ((_, attempts, failures, hours),) = lacking(subject)
        assert (attempts, failures, hours) == (0, 0, 1)
    subject.tenant.disarm()
    subject.here.later(hours=1)
    assert subject.poll().error is None
    assert subject.loaded() == 1
    assert day(subject) == ("open", None)


@each
def test_what_was_given_up_is_asked_for_again_by_a_backfill_of_its_day(
    subject: StreamScene,
) -> None:
    subject.put(1, 2, without=1)
    for attempts in range(1, 6):
        assert subject.poll().error is None
        ((_, counted, failures, hours),) = lacking(subject)
        assert (counted, failures) == (attempts, 0)
        assert hours == (None if attempts == 5 else 1)
        subject.here.later(hours=1)
    assert day(subject)[1] == "1 of 2 details never came"
    subject.here.requests()
    assert subject.poll().error is None
    assert subject.here.requests() == 0
    assert subject.backfill().error is None
    assert subject.here.requests() == 1, "asked again, though in vain"

    subject.put_detail(1)
    assert subject.poll().error is None
    assert subject.loaded() == 1
    assert subject.backfill().error is None
    assert subject.loaded() == 2
    assert day(subject)[1] is None


@each
def test_a_day_without_records_lacks_no_details(subject: StreamScene) -> None:
    here = subject.here
    here.at(NOON + timedelta(days=1))
    trust = "SELECT trust FROM marts.trust_by_day WHERE account = :account AND call_date = '{}'"
    for told in ("provisional", "trusted"):
        assert here.backfill().error is None
        assert subject.poll().error is None
        assert day(subject) == ("complete", None)
        assert here.query(trust.format(DAY)) == [(told,)]
        here.later(days=2)
    here.requests()
    assert subject.poll().days == set(), "it is judged once"
    assert here.requests() == 0

    subject.put(1)
    assert here.backfill().error is None
    assert subject.poll().error is None
    assert subject.loaded() == 1


@pytest.mark.parametrize("subject", ["evolux.call_details"], indirect=True)
def test_steps_are_fetched_when_their_call_has_ended(subject: StreamScene) -> None:
    """Or a day after its start, if nobody says that it has. Each is fetched once."""
    here = subject.here
    here.put(here.thing(1, end=None), here.thing(2, end=None))
    here.poll()
    subject.put_detail(2)
    for ask in (subject.poll, subject.backfill):
        assert ask().error is None
        assert subject.loaded() == 0
        assert day(subject) == ("open", "2 of 2 details are still to come")

    here.put(here.thing(1))
    subject.put_detail(1)
    here.later(minutes=5)
    here.poll()
    assert subject.poll().error is None
    assert subject.loaded() == 1
    here.later(days=1)
    assert subject.poll().error is None
    assert subject.loaded() == 2
    assert day(subject) == ("complete", None)


@each
def test_details_of_records_that_nobody_has_read_are_said_to_wait_for_these(
    subject: StreamScene,
) -> None:
    told = f"its {subject.here.stream.name} haven't been read: load these first"
    result = subject.backfill()
    assert (result.error, result.read) == (None, set())
    assert result.trouble == {DAY: ("unread", told)}
    assert subject.here.poll().error is None
    result = subject.backfill()
    assert (result.trouble, result.read, result.days) == ({}, {DAY}, {DAY})


ONE_BROKEN = {
    "half a body": Fault.half_body(),
    "too large": Fault.oversized(2_000_000),
    "not what it should be": Fault.body(b"\x00\x01 not JSON, no MP3"),
}


@each
@pytest.mark.parametrize("what", ONE_BROKEN)
def test_one_records_failure_is_its_own_counted_bounded_and_told(
    subject: StreamScene, what: str
) -> None:
    limits = subject.here.account.limits.model_copy(update={"max_bytes": 1_000_000})
    subject.here.account = subject.here.account.model_copy(update={"limits": limits})
    subject.put(*range(1, 9))
    subject.tenant.arm(ONE_BROKEN[what], 999, report=subject.report, when=of(8))
    waited = []
    for failures in range(1, 6):
        assert subject.poll().state == "ok"
        assert subject.loaded() == 7, "the others came"
        ((_, attempts, counted, hours),) = lacking(subject)
        assert (attempts, counted) == (0, failures)
        waited.append(hours)
        state, note = day(subject)
        assert state == ("complete" if failures == 5 else "failed")
        assert "1 of 8 details" in note
        subject.here.later(hours=hours or 1)
    assert waited == [1, 2, 4, 8, None]
    assert "asked for again by a backfill of the day only" in day(subject)[1]
    subject.tenant.disarm()
    assert subject.poll().error is None
    assert subject.loaded() == 7
    assert subject.backfill().error is None
    assert subject.loaded() == 8
    assert day(subject)[1] is None


@each
@pytest.mark.parametrize("what", NOT_ITS_OWN)
def test_one_that_always_fails_is_put_aside_and_the_others_come(
    subject: StreamScene, what: str
) -> None:
    subject.put(*range(1, 9))
    subject.tenant.arm(NOT_ITS_OWN[what], 999, report=subject.report, when=of(5))
    assert subject.poll().error, "told"
    assert subject.loaded() == 7
    subject.put(9)
    assert subject.poll().error is None, "it isn't due"
    assert subject.loaded() == 8
    state, note = day(subject)
    assert state == "failed"
    assert "1 of 9 details are still to come; 1 of them are asked for again after an error" in note


OWN_REFUSALS = {
    "evolux": {"meta": {"status": 403, "message": "Forbidden"}},
    "vono": {"error": 1, "reason": "Sem permissão"},
}


@each
def test_a_refusal_of_one_record_among_others_is_its_own(subject: StreamScene) -> None:
    subject.put(*range(1, 9))
    refusal = Fault.status(403, payload=OWN_REFUSALS[subject.tenant.vendor])
    subject.tenant.arm(refusal, 999, report=subject.report, when=of(3))
    assert subject.poll().state == "ok"
    assert subject.loaded() == 7
    assert not subject.is_stopped
    ((_, _, failures, hours),) = lacking(subject)
    assert (failures, hours) == (1, 1)


@each
def test_the_newest_record_s_refusal_stops_polls_for_an_hour_at_most(subject: StreamScene) -> None:
    subject.put(*range(1, 9))
    refusal = Fault.status(403, payload=OWN_REFUSALS[subject.tenant.vendor])
    subject.tenant.arm(refusal, 999, report=subject.report, when=of(8))
    one = subject.here.account.limits.model_copy(update={"concurrency": 1})
    subject.here.account = subject.here.account.model_copy(update={"limits": one})
    assert subject.poll().state == "stopped"
    subject.here.later(hours=1)
    assert subject.poll().error is None, "another one is asked for, and accepted"
    assert not subject.is_stopped
    subject.here.later(minutes=5)
    subject.poll()
    assert subject.loaded() == 7


@each
def test_a_refusal_that_was_one_record_s_stays_that_where_nothing_else_is_asked(
    subject: StreamScene,
) -> None:
    subject.put(*range(1, 9))
    refusal = Fault.status(403, payload=OWN_REFUSALS[subject.tenant.vendor])
    subject.tenant.arm(refusal, 999, report=subject.report, when=of(3))
    subject.poll()
    subject.here.later(hours=1)
    assert subject.poll().error is None
    assert not subject.is_stopped
    ((_, _, failures, hours),) = lacking(subject)
    assert (failures, hours) == (2, 2)


@each
def test_a_refusal_of_several_in_a_row_is_the_accounts(subject: StreamScene) -> None:
    subject.put(*range(1, 21))
    one = subject.here.account.limits.model_copy(update={"concurrency": 1})
    subject.here.account = subject.here.account.model_copy(update={"limits": one})
    refusal = Fault.status(403, payload=OWN_REFUSALS[subject.tenant.vendor])
    subject.tenant.arm(refusal, 999, report=subject.report, after=5)
    assert subject.poll().state == "stopped"
    assert subject.here.requests() == 5 + 3
    assert subject.loaded() == 5


@each
def test_where_all_fail_the_first_are_enough_to_tell(subject: StreamScene) -> None:
    subject.put(*range(1, 41))
    subject.arm(Fault.firewall(404), 999)
    result = subject.poll()
    assert result.state == "failed"
    assert "403 Forbidden" in str(result.error), "the page's title"
    assert subject.here.requests() <= 3 + 2 * subject.here.account.limits.concurrency
    subject.tenant.disarm()
    subject.here.later(hours=1)
    assert subject.poll().error is None
    assert subject.loaded() == 40


def test_files_of_like_keys_lie_beside_each_other(
    scene: Open, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", str(tmp_path))
    subject = StreamScene(scene, "vono.recording_audio")
    shown = subject.here.kind.show(subject.here.thing(1, minutes=1), subject.here.kind.zone)
    ids = ["a.b", "a-b", "A-b", "x" * 300, "a/b"]
    subject.tenant.put([shown | {"record_id": record_id} for record_id in ids])
    for number, record_id in enumerate(ids):
        subject.tenant.put_audio(record_id, AUDIO[:-1] + bytes([number]))
    assert subject.here.poll().error is None
    assert subject.poll().error is None
    files = dict(subject.here.facts("recording_id", "audio_uri"))
    sums = dict(subject.here.facts("recording_id", "audio_sha256"))
    assert len(set(files.values())) == len(set(sums.values())) == len(ids)
    for number, record_id in enumerate(ids):
        path = files[f"3/{record_id}"].removeprefix("file://")
        assert Path(path).read_bytes()[-1] == number


def test_while_a_file_is_put_away_its_request_is_over(
    scene: Open, tmp_path: Any, monkeypatch: Any
) -> None:
    """An object store may take its time, and the vendor could be asked for something else."""
    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", str(tmp_path))
    subject = StreamScene(scene, "vono.recording_audio")
    subject.put(1)
    in_flight: list[Any] = []
    put = AudioStore.keep

    def keep(store: AudioStore, file: Any, path: str) -> Any:
        query = "SELECT id FROM ops.permits WHERE account = :account AND reached_at IS NULL"
        in_flight.append(subject.here.query(query))
        return put(store, file, path)

    monkeypatch.setattr(AudioStore, "keep", keep)
    assert subject.poll().error is None
    assert in_flight == [[]]


def test_a_fault_of_ours_on_one_record_stops_no_other(scene: Open, monkeypatch: Any) -> None:
    subject = StreamScene(scene, "evolux.call_details")
    subject.put(1, 2, 3)
    good = Evolux.call_detail

    def fragile(self: Evolux, parent: Any) -> Any:
        if parent.key == "2":
            raise KeyError("as the test wants")
        return good(self, parent)

    subject.stream = replace(subject.stream, read=fragile)
    assert subject.poll().error is None
    assert subject.loaded() == 2
    assert "an unexpected KeyError" in day(subject)[1]


def since_the_day_before(subject: StreamScene) -> Scene:
    """Its account begins then."""
    here = subject.here
    here.account = here.account.model_copy(update={"start_date": DAY - timedelta(days=1)})
    return here


GONE: dict[str, Callable[[StreamScene], None]] = {
    "moves": lambda subject: subject.here.put(subject.here.thing(2, minutes=-24 * 60)),
    "is no fact any more": lambda subject: subject.here.put(subject.here.thing(2, broken=True)),
}


@each
@pytest.mark.parametrize("gone", GONE.values(), ids=GONE)
def test_a_record_that_comes_as_another_goes_is_asked_for_its_detail(
    subject: StreamScene, gone: Callable[[StreamScene], None]
) -> None:
    """As many as before aren't the same."""
    here = since_the_day_before(subject)
    subject.put(1, 2)
    here.later(days=30)
    here.backfill(DAY - timedelta(days=1), DAY)
    assert subject.poll().error is None
    assert day(subject) == ("complete", None)
    gone(subject)
    here.put(here.thing(3))
    subject.put_detail(3)
    here.backfill(DAY - timedelta(days=1), DAY)
    assert day(subject) == ("settling", "the day's records have changed")
    assert subject.poll().error is None
    assert day(subject) == ("complete", None)
    assert here.query(
        "SELECT FROM raw.heads WHERE account = :account AND NOT rejected AND record_key ~ '\\m3' "
        f"AND stream = '{subject.stream.name}'"
    )


@each
def test_a_day_that_all_records_have_left_has_no_details(subject: StreamScene) -> None:
    here = since_the_day_before(subject)
    subject.put(1)
    here.later(days=30)
    here.backfill(DAY - timedelta(days=1), DAY)
    assert subject.poll().error is None
    here.put(here.thing(1, minutes=-24 * 60))
    here.backfill(DAY - timedelta(days=1), DAY)
    assert subject.poll().error is None
    assert here.query(
        "SELECT call_date, state, raw_records FROM ops.days WHERE account = :account "
        f"AND stream = '{subject.stream.name}' ORDER BY 1"
    ) == [(DAY - timedelta(days=1), "complete", 1), (DAY, "complete", 0)]


def forget_second(here: Scene, home: Path) -> None:
    [(key,)] = here.query(
        "SELECT record_key FROM raw.heads WHERE account = :account AND record_key ~ '\\m2' "
        f"AND stream = '{here.stream.name}'"
    )
    site = site_of(here.system.warehouse, {here.account.name: here.account}, home)
    forget_record(site, here.account.name, here.stream.name, key)


def suppress_second(here: Scene, home: Path) -> None:
    """The next read shows whose it is."""
    field, number, spelling = NUMBERS[here.kind.vendor]
    suppress(here, number)
    put_caller(here, here.thing(2, minutes=2), field, spelling)


@each
@pytest.mark.usefixtures("nobody_is_forgotten")
@pytest.mark.parametrize("goes", [forget_second, suppress_second])
def test_a_record_that_comes_as_another_is_forgotten_is_asked_for_its_detail(
    subject: StreamScene, tmp_path: Path, goes: Callable[[Scene, Path], None]
) -> None:
    here = subject.here
    subject.put(1, 2)
    here.later(days=30)
    here.backfill()
    assert subject.poll().error is None
    goes(here, tmp_path)
    assert day(subject) == ("complete", None), "nobody who is forgotten makes a day less trusted"
    here.put(here.thing(3))
    subject.put_detail(3)
    here.backfill()
    assert subject.poll().error is None
    assert day(subject) == ("complete", None)
    assert subject.loaded() == 2
    here.requests()
    assert subject.poll().error is None
    assert here.requests() == 0
