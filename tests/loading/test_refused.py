"""Refused: by the vendor itself, or by whoever stands in between; and what goes on by itself."""

import operator
from datetime import timedelta
from typing import Any

import pytest

from resources.standin import Fault
from tests.loading.conftest import DAY, NOON, Open
from tests.loading.stream_scene import DETAILS, PROBE, STREAMS, StreamScene


@pytest.fixture
def subject(
    scene: Open, request: pytest.FixtureRequest, tmp_path: Any, monkeypatch: Any
) -> StreamScene:
    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", str(tmp_path))
    return StreamScene(scene, request.param)


each_stream = pytest.mark.parametrize("subject", [*STREAMS, *DETAILS], indirect=True)


def refuse(subject: StreamScene) -> None:
    """From now on the vendor itself refuses the credential; of a detail's report alone that."""
    if subject.report is None:
        subject.tenant.token = "another"
        return
    payload: Any = {"meta": {"status": 403, "message": "Forbidden"}}
    if subject.tenant.vendor == "vono":
        payload = {"error": 1, "reason": "Token ou chave inválida"}
    subject.arm(Fault.status(403, payload=payload))


def accept(subject: StreamScene) -> None:
    subject.tenant.disarm()
    subject.tenant.token = f"standin-{subject.tenant.name}"


@each_stream
@pytest.mark.parametrize("code", [401, 403])
def test_a_firewall_s_page_stops_nothing_unless_it_comes_three_times_in_a_row(
    subject: StreamScene, code: int
) -> None:
    subject.put(1)
    subject.arm(Fault.firewall(code))
    for polls in (1, 2):
        result = subject.poll()
        assert result.state == "failed"
        assert "403 Forbidden" in str(result.error)
        assert "firewall" in str(result.error)
        assert subject.state()[:2] == (False, polls)
        subject.here.later(minutes=5)

    subject.tenant.disarm()
    assert subject.poll().error is None
    assert subject.state()[:2] == (False, 0)
    assert subject.loaded() == 1

    subject.put(2)
    subject.arm(Fault.firewall(code))
    for stopped in (False, False, True):
        assert (subject.poll().state == "stopped") == stopped
        subject.here.later(minutes=5)
    assert subject.is_stopped


@each_stream
def test_a_stopped_stream_is_probed_once_an_hour_and_resumes_by_itself(
    subject: StreamScene,
) -> None:
    subject.put(1)
    refuse(subject)
    here = subject.here
    here.requests()
    result = subject.poll()
    assert result.state == "stopped"
    assert "probed once an hour, next at 2025-03-12 16:00 UTC" in str(result.error)
    assert here.requests() == 1, "what is the vendor's own isn't doubted"

    for minutes in (1, 28, 31):
        here.later(minutes=minutes)
        assert subject.poll().state == "stopped"
        assert here.requests() == (1 if minutes == 31 else 0)
    assert "next at 2025-03-12 17:00 UTC" in str(subject.state()[3])

    accept(subject)
    here.later(minutes=60)
    assert subject.poll().state == "ok"
    assert subject.state()[:2] == (False, 0)
    assert subject.state()[3] is None
    assert subject.loaded() == 1


@each_stream
@pytest.mark.parametrize(
    "fault", [Fault.firewall(), Fault.status(500), Fault.html(), Fault.reset()],
    ids=lambda fault: fault.name,
)  # fmt: skip
def test_a_probe_is_one_request_and_proves_nothing_unless_it_is_answered(
    subject: StreamScene, fault: Fault
) -> None:
    subject.put(1)
    subject.put(2)
    refuse(subject)
    subject.poll()
    accept(subject)
    subject.arm(fault)
    for _ in range(2):
        subject.here.later(minutes=60)
        subject.here.requests()
        assert subject.poll().state == "stopped"
        assert subject.here.requests() == 1
        assert subject.state()[2] == subject.here.system.clock.now() + PROBE


@each_stream
def test_another_credential_is_tried_at_once(subject: StreamScene) -> None:
    subject.put(1)
    refuse(subject)
    assert subject.poll().state == "stopped"
    accept(subject)
    token = "a-new-one"
    subject.tenant.token = token
    credentials = {**subject.here.account.credentials}
    first = next(iter(credentials))
    credentials[first] = type(credentials[first])(token)
    subject.here.account = subject.here.account.model_copy(update={"credentials": credentials})
    subject.here.later(minutes=1)
    assert subject.poll().state == "ok"
    assert not subject.is_stopped
    assert subject.loaded() == 1


@each_stream
def test_a_backfill_asks_though_polls_have_stopped(subject: StreamScene) -> None:
    subject.put(1)
    refuse(subject)
    subject.poll()
    assert subject.backfill().state == "stopped"
    subject.tenant.disarm()
    if subject.report is None:
        subject.arm(Fault.status(500))
        assert subject.backfill().error
        assert subject.is_stopped, "a 500 is no answer to whether the credential is accepted"
    accept(subject)
    assert subject.backfill().state == "ok"
    assert not subject.is_stopped
    assert subject.state()[2] <= subject.here.system.clock.now() + timedelta(minutes=5)


@pytest.mark.parametrize("vendor", ["conpeek", "evolux"])
def test_windows_of_one_backfill_count_once(scene: Open, vendor: str) -> None:
    here = scene(vendor, DAY - timedelta(days=9))
    here.at(NOON + timedelta(days=1))
    limits = here.account.limits.model_copy(update={"concurrency": 1, "max_window_days": 1})
    here.account = here.account.model_copy(update={"limits": limits})
    here.tenant.arm(Fault.firewall(), 99)
    days = [DAY - timedelta(days=ago) for ago in range(5)]
    assert here.backfill(*days).state == "failed"
    refusals = "SELECT refusals, stopped_at FROM ops.streams WHERE account = :account"
    assert here.query(refusals) == [(1, None)]


@pytest.mark.parametrize("vendor", STREAMS)
def test_another_failure_in_between_starts_the_count_anew(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    for fault in (Fault.firewall(), Fault.firewall(), Fault.status(500), Fault.firewall(401)):
        here.tenant.disarm()
        here.tenant.arm(fault, 99)
        assert here.poll().state == "failed"
        here.later(minutes=5)
    refusals = "SELECT refusals, stopped_at FROM ops.streams WHERE account = :account"
    assert here.query(refusals) == [(1, None)]


EMPTY_LOOKING = {
    "a log-in form": Fault.login(),
    "success: false": Fault.unsuccessful(),
    "an internal error": Fault.body(b'{"error": "internal", "data": []}'),
    "status: error": Fault.body(b'{"status": "error", "data": []}'),
    "data: null": Fault.body(b'{"data": null}'),
    "an object for a list": Fault.body(b'{"data": {"total": 0}}'),
    "a proxy's log-in": Fault.firewall(407),
    "a legal reason": Fault.firewall(451),
    "a portal": Fault.redirect("http://portal.example/login"),
}


@pytest.mark.parametrize("vendor", STREAMS)
@pytest.mark.parametrize("what", EMPTY_LOOKING)
def test_what_only_looks_empty_is_never_an_empty_day(scene: Open, vendor: str, what: str) -> None:
    here = scene(vendor)
    here.put(here.thing(1))
    here.at(NOON + timedelta(days=9))
    here.tenant.arm(EMPTY_LOOKING[what], 4)
    result = here.backfill()
    assert result.state == "failed"
    assert here.day().state == "failed"
    assert here.day().note == result.error
    here.tenant.disarm()
    assert here.backfill().error is None
    assert (here.day().state, here.day().facts) == ("complete", 1)


@pytest.mark.parametrize("row", [{"error": "Token expirado"}, "Internal server error"])
@pytest.mark.parametrize("stream", ["clickfono", "conpeek", "evolux"])
def test_a_failure_in_place_of_records_is_no_read(scene: Open, stream: str, row: Any) -> None:
    here = scene(stream)
    here.put(here.thing(1))
    here.tenant.arm(Fault.rows(lambda rows: operator.setitem(rows, slice(None), [row])), 99)
    here.at(NOON + timedelta(days=1))
    for result in (here.poll(), here.backfill()):
        assert "where records should be, the vendor tells of a failure" in str(result.error)
    assert here.day().state == "failed"
    assert not here.query("SELECT FROM ops.rejects WHERE account = :account AND record_key IS NULL")

    here.tenant.disarm()
    assert here.backfill().error is None


def test_a_page_in_the_middle_of_a_window_costs_an_attempt_not_the_window(scene: Open) -> None:
    here = scene("evolux")
    here.put(*(here.thing(number) for number in range(120)))
    here.at(NOON + timedelta(days=1))
    here.tenant.arm(Fault.firewall(), after=1)
    assert here.backfill().error is None
    assert here.day().facts == 120


def test_what_a_vendor_says_is_told_in_its_words(scene: Open) -> None:
    here = scene("conpeek")
    here.tenant.arm(Fault.unsuccessful(message=f"who is {here.tenant.token}? " + "x" * 999))
    told = str(here.poll().error)
    assert 'success: false, message: "who is ***? xxx' in told
    assert len(told) < 400
