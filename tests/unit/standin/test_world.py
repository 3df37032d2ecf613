"""The generated data: believable, repeatable, and growing with the clock."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from resources.standin import Clock, StandIn, Tenant
from resources.standin.generate import World, clickfono
from resources.standin.generate.day import Place, drafts

DAY = date(2026, 3, 10)
EVENING = datetime(2026, 3, 11, 2, 0, tzinfo=UTC)
"""All over South America it is still the 10th."""


def world(now: datetime, seed: str = "test") -> World:
    return World(seed, DAY - timedelta(days=2), Clock(now))


def rows(vendor: str, report: str, zone: str, now: datetime, seed: str = "test") -> list[Any]:
    day = datetime(2026, 3, 10, tzinfo=UTC)
    tenant = world(now, seed).tenant(vendor, "demo", zone)
    return tenant.rows(report, day, day + timedelta(days=1))


def test_the_same_seed_tells_the_same_story() -> None:
    story = rows("evolux", "studio_calls", "America/Sao_Paulo", EVENING)
    assert story == rows("evolux", "studio_calls", "America/Sao_Paulo", EVENING)
    assert story != rows("evolux", "studio_calls", "America/Sao_Paulo", EVENING, "another")


def test_a_day_has_its_curve() -> None:
    calls = rows("conpeek", "cdr_dialog", "UTC", datetime(2026, 3, 11, tzinfo=UTC))
    external = [
        leg
        for leg in calls
        if leg["dialog_type"] == "EXTERNAL" and leg["start_time"].startswith("2026-03-10")
    ]
    assert 260 <= len(external) <= 400
    by_hour = Counter(int(leg["start_time"][11:13]) for leg in external)
    assert by_hour[10] > 5 * by_hour[3]


def test_nothing_happened_before_the_first_day_or_happens_ahead_of_the_clock() -> None:
    before = datetime(2026, 3, 8, tzinfo=UTC) - timedelta(minutes=1)
    assert rows("evolux", "studio_calls", "UTC", before) == []
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert max(call["end_time"] for call in rows("evolux", "studio_calls", "UTC", noon)) <= (
        noon.isoformat()
    )


def test_conpeeks_calls_have_legs_and_are_in_progress_until_hung_up() -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    moments = [noon + timedelta(minutes=minute) for minute in range(0, 60, 6)]
    legs = [leg for now in moments for leg in rows("conpeek", "cdr_dialog", "UTC", now)]
    assert {leg["dialog_type"] for leg in legs} == {"EXTERNAL", "CONSULTANT"}
    assert {leg["business_direction"] for leg in legs} == {"INBOUND", "OUTBOUND"}
    talking = [leg for leg in legs if leg["hangup_time"] is None]
    assert talking
    assert {(leg["talking_time"], leg["business_end_cause"]) for leg in talking} == {(0, None)}


def test_clickfonos_requests_go_through_their_states() -> None:
    """Every other request of a day, seen three times a minute; a final state stays."""
    place = Place("test", ZoneInfo("America/Santiago"))
    seen: dict[int, list[str]] = defaultdict(list)
    for draft in drafts(place, DAY)[::4]:
        for step in range(150):
            now = draft.start + timedelta(seconds=20 * step)
            [request] = clickfono.rows("calls_list", draft, place, now)
            if [request["status"]] != seen[draft.number][-1:]:
                seen[draft.number].append(request["status"])
    histories = {tuple(states) for states in seen.values()}
    assert ("En cola", "Por ejecutar", "En ejecución", "Conectada") in histories
    assert any(history.count("No Conectada") == 2 for history in histories)
    assert {state for history in histories for state in history} == {
        "Conectada",
        "No Conectada",
        "Intentos terminados",
        "SPAM",
        "En cola",
        "Fuera de horario",
        "En ejecución",
        "Por ejecutar",
    }
    for history in histories:
        for final in ("Conectada", "Intentos terminados", "SPAM"):
            assert final not in history[:-1]


def test_clickfonos_offset_follows_chiles_summer_time() -> None:
    calls = rows("clickfono", "calls_list", "America/Santiago", EVENING)
    assert {call["call_at"][-5:] for call in calls} == {"-0300"}


def test_wolkvox_grows_and_is_wrapped_up_late() -> None:
    noon = datetime(2026, 3, 10, 17, tzinfo=UTC)
    handled = [
        {
            call["conn_id"]: call["cod_act"]
            for call in rows("wolkvox", "cdr_1", "America/Bogota", now)
        }
        for now in (noon, noon + timedelta(hours=1), noon + timedelta(days=3))
    ]
    assert handled[0].keys() < handled[1].keys()
    assert "" in handled[0].values()
    assert "" not in handled[2].values()
    unconnected = rows("wolkvox", "cdr_5", "America/Bogota", noon)
    assert {"Busy", "No answer"} < {call["result"] for call in unconnected}


@pytest.fixture
def demo(standin: StandIn) -> Callable[[str], Tenant]:
    return lambda vendor: standin.tenant(vendor, "demo", generated=True)


def test_evoluxs_detail_comes_after_the_call(
    standin: StandIn, http: httpx.Client, demo: Callable[[str], Tenant]
) -> None:
    tenant = demo("evolux")
    http.base_url = httpx.URL(f"{standin.url(tenant)}/api/v1/studio/")
    http.headers["token"] = tenant.token
    newest = http.get("calls", params={"limit": 1}).json()["data"][0]
    standin.clock.set(datetime.fromisoformat(newest["end_time"]))
    assert http.get(f"calls/{newest['id']}/cdr").status_code == 404
    standin.clock.advance(timedelta(minutes=3))
    detail = http.get(f"calls/{newest['id']}/cdr").json()["data"]
    assert detail["call_uuid"] == newest["uuid"]
    assert detail["caller_id_number"] == newest["caller"]
    assert detail["executed_tasks"][-1]["end_time_epoch"] == detail["exit_time_epoch"]
    for nonsense in ("x", "1", "999999999999", f"{newest['id'] // 1000}999"):
        assert http.get(f"calls/{nonsense}/cdr").status_code == 404


def test_vonos_recording_is_as_long_as_it_says(
    standin: StandIn, http: httpx.Client, demo: Callable[[str], Tenant]
) -> None:
    tenant = demo("vono")
    url = f"{standin.url(tenant)}/api/recording/{tenant.token}/{tenant.key}"
    recording = http.get(url, params={"limit": 1}).json()["data"][0]
    audio = http.get(url, params={"id_record": recording["record_id"], "is_download": 1}).content
    assert audio.startswith(b"ID3")
    assert f"{len(audio) / 1024:.2f} Kb".replace(".", ",") == recording["size"]
