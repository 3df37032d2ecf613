"""Refused: by the vendor itself, or by whoever stands in between; and what goes on by itself."""

from datetime import timedelta
from typing import Any

import pytest

from resources.standin import Fault
from tests.loading.conftest import DAY, NOON, Open
from tests.loading.stage import DETAILS, PROBE, STREAMS, Stage


@pytest.fixture
def stage(scene: Open, request: pytest.FixtureRequest, tmp_path: Any, monkeypatch: Any) -> Stage:
    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", str(tmp_path))
    return Stage(scene, request.param)


each_stream = pytest.mark.parametrize("stage", [*STREAMS, *DETAILS], indirect=True)


def refuse(stage: Stage) -> None:
    """From now on the vendor itself refuses the credential; of a detail's report alone that."""
    if stage.report is None:
        stage.tenant.token = "another"
        return
    payload: Any = {"meta": {"status": 403, "message": "Forbidden"}}
    if stage.tenant.vendor == "vono":
        payload = {"error": 1, "reason": "Token ou chave inválida"}
    stage.arm(Fault.status(403, payload=payload))


def accept(stage: Stage) -> None:
    stage.tenant.disarm()
    stage.tenant.token = f"standin-{stage.tenant.name}"


@each_stream
@pytest.mark.parametrize("code", [401, 403])
def test_a_firewall_s_page_stops_nothing_unless_it_comes_three_times_in_a_row(
    stage: Stage, code: int
) -> None:
    stage.put(1)
    stage.arm(Fault.firewall(code))
    for polls in (1, 2):
        result = stage.poll()
        assert result.state == "failed"
        assert "403 Forbidden" in str(result.error)
        assert "firewall" in str(result.error)
        assert stage.state()[:2] == (False, polls)
        stage.here.later(minutes=5)

    stage.tenant.disarm()
    assert stage.poll().error is None
    assert stage.state()[:2] == (False, 0)
    assert stage.loaded() == 1

    stage.put(2)
    stage.arm(Fault.firewall(code))
    for stopped in (False, False, True):
        assert (stage.poll().state == "stopped") == stopped
        stage.here.later(minutes=5)
    assert stage.is_stopped


@each_stream
def test_a_stopped_stream_is_probed_once_an_hour_and_resumes_by_itself(stage: Stage) -> None:
    stage.put(1)
    refuse(stage)
    here = stage.here
    here.requests()
    result = stage.poll()
    assert result.state == "stopped"
    assert "probed once an hour, next at 2025-03-12 16:00 UTC" in str(result.error)
    assert here.requests() == 1, "what is the vendor's own isn't doubted"

    for minutes in (1, 28, 31):
        here.later(minutes=minutes)
        assert stage.poll().state == "stopped"
        assert here.requests() == (1 if minutes == 31 else 0)
    assert "next at 2025-03-12 17:00 UTC" in str(stage.state()[3])

    accept(stage)
    here.later(minutes=60)
    assert stage.poll().state == "ok"
    assert stage.state()[:2] == (False, 0)
    assert stage.state()[3] is None
    assert stage.loaded() == 1


@each_stream
@pytest.mark.parametrize(
    "fault", [Fault.firewall(), Fault.status(500), Fault.html(), Fault.reset()],
    ids=lambda fault: fault.name,
)  # fmt: skip
def test_a_probe_is_one_request_and_proves_nothing_unless_it_is_answered(
    stage: Stage, fault: Fault
) -> None:
    stage.put(1)
    stage.put(2)
    refuse(stage)
    stage.poll()
    accept(stage)
    stage.arm(fault)
    for _ in range(2):
        stage.here.later(minutes=60)
        stage.here.requests()
        assert stage.poll().state == "stopped"
        assert stage.here.requests() == 1
        assert stage.state()[2] == stage.here.system.clock.now() + PROBE


@each_stream
def test_another_credential_is_tried_at_once(stage: Stage) -> None:
    stage.put(1)
    refuse(stage)
    assert stage.poll().state == "stopped"
    accept(stage)
    token = "a-new-one"
    stage.tenant.token = token
    credentials = {**stage.here.account.credentials}
    first = next(iter(credentials))
    credentials[first] = type(credentials[first])(token)
    stage.here.account = stage.here.account.model_copy(update={"credentials": credentials})
    stage.here.later(minutes=1)
    assert stage.poll().state == "ok"
    assert not stage.is_stopped
    assert stage.loaded() == 1


@each_stream
def test_a_backfill_asks_though_polls_have_stopped(stage: Stage) -> None:
    stage.put(1)
    refuse(stage)
    stage.poll()
    assert stage.backfill().state == "stopped"
    stage.tenant.disarm()
    if stage.report is None:
        stage.arm(Fault.status(500))
        assert stage.backfill().error
        assert stage.is_stopped, "a 500 is no answer to whether the credential is accepted"
    accept(stage)
    assert stage.backfill().state == "ok"
    assert not stage.is_stopped
    assert stage.state()[2] <= stage.here.system.clock.now() + timedelta(minutes=5)


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
