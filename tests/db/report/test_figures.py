"""The report's figures: each against the facts counted by Python."""

from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

import pytest

from assets.maintenance.expiry import drop_facts
from assets.refresh import refresh_marts
from resources.postgres.warehouse import Warehouse
from resources.report.answers import Selection, reading, select
from resources.report.charts import charts
from tests.db.facts import DAY, mark_stale, put_account, put_call, put_day, query
from tests.db.report.conftest import (
    ACCOUNTS,
    FIRST,
    LAST,
    MISSED,
    UNREAD,
    week,
)


@pytest.fixture(scope="module")
def facts(given: Warehouse) -> list[dict[str, Any]]:
    """Every call as it is in facts."""
    columns = (
        "call_date, account, grain, direction, queue_name, disposition, started_at, started_local,"
        " wait_s, talk_s, caller_key, from_e164, outcome"
    )
    rows = query(given, f"SELECT {columns} FROM facts.calls ORDER BY started_at")
    return [dict(zip(columns.split(", "), row, strict=True)) for row in rows]


def ask(given: Warehouse, name: str, selection: Selection) -> list[dict[str, Any]]:
    """The rows of a chart or of the tiles."""
    statements = {chart.name: chart.statement for chart in charts()}
    with reading(given, selection) as reader:
        answer = reader.ask(statements.get(name, f"report/{name}"))
    assert answer.error is None
    return [dict(row._mapping) for row in answer.rows]


def label(call: dict[str, Any]) -> str:
    return f"{call['account']} · {call['queue_name'] or 'queue not told'}"


def is_missed(call: dict[str, Any]) -> bool:
    return bool(call["direction"] == "inbound" and call["disposition"] in MISSED)


def in_week(call: dict[str, Any]) -> bool:
    return bool(FIRST <= call["call_date"] <= LAST)


def test_tiles_are_what_the_facts_count(given: Warehouse, facts: list[dict[str, Any]]) -> None:
    tiles = {(t["account"], t["direction"]): t for t in ask(given, "tiles", week(given))}
    assert len(tiles) == 6
    for account in ACCOUNTS:
        for direction in ("inbound", "outbound"):
            tile = tiles[account, direction]
            calls = [
                f for f in facts
                if in_week(f) and (f["account"], f["direction"]) == (account, direction)
            ]  # fmt: skip
            of = Counter(call["disposition"] for call in calls)
            answered = of["answered"]
            lost = of["abandoned"] + of["no_answer"]
            assert (tile["calls"], tile["offered"]) == (len(calls), answered + lost)
            assert (tile["answered"], tile["unanswered"]) == (answered, of["no_answer"])
            assert tile["answer_rate"] == pytest.approx(answered / (answered + lost))
            talks = [call["talk_s"] for call in calls if call["talk_s"]]
            assert tile["talk_s"] == sum(talks)
            assert tile["avg_talk_s"] == pytest.approx(sum(talks) / len(talks))
            if direction == "inbound":
                assert tile["abandoned"] == of["abandoned"]
                assert tile["abandonment_rate"] == pytest.approx(of["abandoned"] / len(calls))
            else:
                assert tile["abandoned"] is None
    waits = [
        f["wait_s"] for f in facts
        if in_week(f) and f["account"] == "acme" and f["direction"] == "inbound"
        and f["disposition"] == "answered"
    ]  # fmt: skip
    acme, bogota = tiles["acme", "inbound"], tiles["bogota", "inbound"]
    assert acme["service_level_20s"] == pytest.approx(sum(w <= 20 for w in waits) / len(waits))
    assert acme["asa_s"] == pytest.approx(sum(waits) / len(waits))
    assert (bogota["service_level_20s"], bogota["asa_s"]) == (None, None)
    session, request = tiles["ivr", "inbound"], tiles["popup", "outbound"]
    assert (session["calls"], session["offered"], session["answered"]) == (3, None, None)
    assert (request["offered"], request["answered"], request["unanswered"]) == (3, 2, 1)


def test_missed_by_hour_and_queue(given: Warehouse, facts: list[dict[str, Any]]) -> None:
    expected = Counter(
        (label(f), f["started_local"].hour)
        for f in facts
        if in_week(f) and is_missed(f) and f["grain"] == "call"
    )
    rows = ask(given, "missed_by_hour", week(given))
    assert {
        (r["queue"], r["hour"]): r["missed_calls"] for r in rows if r["missed_calls"]
    } == expected
    only = ask(given, "missed_by_hour", week(given, "bogota"))
    assert only == [row for row in rows if row["queue"].startswith("bogota")]


def waiting(facts: list[dict[str, Any]]) -> tuple[dict[tuple[str, str], Any], list[dict[str, Any]]]:
    """Callers by account and key: their last missed call of the week; and calls without a number.

    An IVR's sessions are no calls: whether somebody answered isn't known of them.
    """
    missed = [f for f in facts if in_week(f) and is_missed(f) and f["grain"] == "call"]
    last = {(f["account"], f["caller_key"]): f for f in missed if f["caller_key"]}
    return last, [f for f in missed if not f["caller_key"]]


def test_callers_whom_nobody_has_reached(given: Warehouse, facts: list[dict[str, Any]]) -> None:
    last, without = waiting(facts)
    expected: Counter[tuple[str, bool]] = Counter()
    never = []
    for (_, key), missed in last.items():
        later = [
            f for f in facts if f["caller_key"] == key and f["started_at"] > missed["started_at"]
        ]
        if any(f["disposition"] == "answered" for f in later):
            continue
        tried = any(f["direction"] == "outbound" and f["disposition"] != "blocked" for f in later)
        expected[label(missed), tried] += 1
        if not tried:
            never.append((missed["account"], key, missed["from_e164"]))
    assert never
    found: Counter[tuple[str, bool]] = Counter()
    calls = {}
    for row in ask(given, "never_called_back", week(given)):
        if row["waiting"] == "no number to call":
            calls[row["queue"]] = row["callers"]
        else:
            found[row["queue"], row["waiting"] == "called back in vain"] += row["callers"]
    assert found == expected
    assert calls == {
        f"{a} · all queues": n for a, n in Counter(f["account"] for f in without).items()
    }
    keys = ask(given, "callers_to_call", week(given))
    assert {(r["account"], r["caller"]) for r in keys} == {(a, key) for a, key, _ in never}
    numbers = ask(given, "callers_to_call", week(given, pii=True))
    assert {(r["account"], r["caller"]) for r in numbers} == {(a, number) for a, _, number in never}


def test_nobody_is_said_to_have_no_number_on_days_that_are_gone(warehouse: Warehouse) -> None:
    """What is left of such a day is how many were missed, not who."""
    days = DAY, DAY + timedelta(days=1)
    warehouse.make_days({*days})
    with warehouse.transaction() as c:
        put_account(c)
        for day in days:
            put_day(c, call_date=day)
            missed = {"call_date": day, "disposition": "abandoned", "talk_s": None}
            put_call(c, f"{day} a", caller_key="ana", **missed)
            put_call(c, f"{day} b", **missed)
            mark_stale(c, day)
    refresh_marts(warehouse)
    drop_facts(warehouse, days[1])
    rows = ask(warehouse, "never_called_back", Selection(*days, ("acme",)))
    assert {row["waiting"]: row["callers"] for row in rows} == {
        "no number to call": 1,
        "3 days and more": 1,
    }


def test_the_trend_has_the_week_before(given: Warehouse, facts: list[dict[str, Any]]) -> None:
    by_day = Counter((f["account"], f["call_date"]) for f in facts if f["grain"] == "call")
    rows = ask(given, "trend", select(given, (LAST, LAST), list(ACCOUNTS)))
    assert len(rows) == 2 * 7, "of one day, the week that ends with it"
    for row in rows:
        account = row["what"].removesuffix(" · calls")
        is_read = (account, row["day"]) != ("bogota", UNREAD)
        assert row["calls"] == (by_day[account, row["day"]] if is_read else None)
        assert row["week_before"] == by_day[account, row["day"] - timedelta(days=7)]
        expected = "provisional" if row["day"] == LAST else "trusted"
        assert row["trust"] == (expected if is_read else "not_read")


def test_the_trend_tells_a_day_without_calls_from_one_that_wasnt_read(
    warehouse: Warehouse,
) -> None:
    """Of two streams: today is true so far from its beginning on, whatever was read of it."""
    with warehouse.transaction() as c:
        put_account(c, streams=["calls", "usage"])
    [(today,)] = query(warehouse, "SELECT today FROM marts.accounts")
    yesterday, week = today - timedelta(days=1), timedelta(days=7)
    warehouse.make_days({yesterday})
    with warehouse.transaction() as c:
        for stream in ("calls", "usage"):
            put_day(c, call_date=yesterday, stream=stream)
            put_day(c, call_date=yesterday - week, stream=stream)
        put_call(c, "1", call_date=yesterday)
        mark_stale(c, yesterday)
    refresh_marts(warehouse)

    def shown() -> list[tuple[Any, ...]]:
        rows = ask(warehouse, "trend", select(warehouse, (today, today)))[-2:]
        return [(row["day"], row["calls"], row["week_before"]) for row in rows]

    assert shown() == [(yesterday, 1, 0), (today, None, None)]
    for stream, calls in (("usage", None), ("calls", 0)):
        with warehouse.transaction() as c:
            put_day(c, call_date=today, stream=stream, state="open")
        assert shown()[-1] == (today, calls, None), stream


def test_callbacks_ivr_and_hours(given: Warehouse, facts: list[dict[str, Any]]) -> None:
    bars = {
        (r["attempt"], r["result"]): r["requests"] for r in ask(given, "callbacks", week(given))
    }
    assert bars == {
        (1, "connected"): 1, (1, "tried again"): 2, (2, "connected"): 1, (2, "tried again"): 1,
        (3, "given up"): 1,
    }  # fmt: skip
    steps = {(r["step"], r["result"]): r["sessions"] for r in ask(given, "ivr_steps", week(given))}
    assert steps == {
        ("1. start", "went on"): 3, ("2. menu", "went on"): 2, ("2. menu", "hung up"): 1,
        ("3. hangup", "ended by the flow"): 1, ("3. transfer", "handed on"): 1,
    }  # fmt: skip
    counted = Counter(
        (f["direction"], f["started_local"].hour)
        for f in facts
        if in_week(f) and f["grain"] == "call"
    )
    found: Counter[tuple[str, int]] = Counter()
    kinds: dict[str, int] = defaultdict(int)
    for row in ask(given, "by_hour", week(given)):
        kinds[row["what"]] += row["calls"]
        if row["what"].startswith("Calls, "):
            found[row["what"].removeprefix("Calls, "), row["hour"]] += row["calls"]
    assert found == counted
    assert (kinds["IVR sessions"], kinds["Callback requests"]) == (3, 4)
