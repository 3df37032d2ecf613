"""The marts: what they count, and that a refresh loses nothing, whatever happens meanwhile."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from assets.refresh import (
    ANOTHER_VERSION,
    refresh_day,
    refresh_days,
    refresh_marts,
    stale_days,
    tables,
)
from resources.postgres.warehouse import Warehouse
from sql.mart import read
from tests.db.facts import DAY, mark_stale, put, put_account, put_call, put_day, query


@pytest.fixture
def days(warehouse: Warehouse) -> Warehouse:
    """A warehouse with the day's partitions and time zone."""
    warehouse.make_days({DAY})
    with warehouse.transaction() as connection:
        put_day(connection)
    return warehouse


def refreshed(warehouse: Warehouse, text: str) -> list[tuple[Any, ...]]:
    with warehouse.transaction() as connection:
        mark_stale(connection)
    assert refresh_marts(warehouse) == [DAY]
    return query(warehouse, text)


def test_every_disposition_counts_as_something(warehouse: Warehouse) -> None:
    [(check,)] = query(
        warehouse,
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conname = 'calls_disposition_check' AND conrelid = 'facts.calls'::regclass",
    )
    dispositions = check.split("'")[1::2]
    assert len(dispositions) == 15
    for disposition in dispositions:
        [(outcome,)] = query(warehouse, "SELECT facts.outcome(:d, 'outbound', true)", d=disposition)
        assert (outcome == "unknown") == (disposition == "unknown"), disposition


def test_outcomes(warehouse: Warehouse) -> None:
    asked = "SELECT facts.outcome(:disposition, :direction, :is_final)"
    for disposition, direction, is_final, outcome in (
        ("answered", "inbound", True, "answered"),
        ("canceled", "inbound", True, "abandoned"),
        ("canceled", "outbound", True, "unanswered"),
        ("machine", "outbound", True, "unanswered"),
        ("no_answer", "outbound", False, "open"),
        ("queued", "outbound", True, "open"),
        ("out_of_hours", "outbound", False, "open"),
        ("out_of_hours", "outbound", True, "not_offered"),
        ("transferred", "inbound", True, "handed_on"),
    ):
        call = {"disposition": disposition, "direction": direction, "is_final": is_final}
        assert query(warehouse, asked, **call) == [(outcome,)], call


def test_rates_count_what_somebody_could_answer(days: Warehouse) -> None:
    with days.transaction() as c:
        put_call(c, "1")
        put_call(c, "2", wait_s=30)
        put_call(c, "3", disposition="abandoned", wait_s=60, talk_s=None)
        put_call(c, "4", disposition="no_answer", wait_s=None, talk_s=0)
        put_call(c, "5", disposition="blocked", talk_s=None)
        put_call(c, "6", disposition="in_progress", is_final=False, talk_s=None, wait_s=None)
        put_call(c, "7", missing_since=datetime.now(UTC))
        put_call(c, "8", grain="recorded_call", wait_s=None)
        put_call(c, "9", direction="outbound", wait_s=7)
    figures = (
        "SELECT grain, direction, calls, offered_calls, answered_calls, abandoned_calls,"
        " unanswered_calls, not_offered_calls, open_calls, missing_calls, answer_rate,"
        " abandonment_rate, answered_in_20s, answered_wait_known, asa_s, waits, wait_s, p50_wait_s,"
        " rings, ring_s, talks, avg_talk_s FROM marts.calls_by_day ORDER BY grain, direction"
    )
    inbound = (6, 4, 2, 1, 1, 1, 1, 1, 0.5, 0.25, 1, 2, 20, 4, 110, 20, 0, None, 2, 100)
    outbound = (1, 1, 1, 0, 0, 0, 0, 0, 1, 0, None, 0, None, 0, None, None, 1, 7, 1, 100)
    recorded = (1, 1, 1, 0, 0, 0, 0, 0, None, None, None, 0, None, 0, None, None, 0, None, 1, 100)
    assert refreshed(days, figures) == [
        ("call", "inbound", *inbound),
        ("call", "outbound", *outbound),
        ("recorded_call", "inbound", *recorded),
    ]


def test_no_queue_has_a_rate_where_lost_calls_name_none(days: Warehouse) -> None:
    """As Wolkvox: what an agent answered has a skill, what nobody did has none."""
    with days.transaction() as c:
        put_call(c, "1", queue_name="Sales")
        put_call(c, "2", disposition="abandoned", talk_s=None)
        put_call(c, "3", direction="outbound", queue_name="Sales")
        put_call(c, "4", direction="outbound", queue_name="Sales", disposition="no_answer")
    assert refreshed(
        days,
        "SELECT direction, queue_name, offered_calls, answer_rate, abandonment_rate"
        " FROM marts.calls_by_day ORDER BY 1, 2",
    ) == [
        ("inbound", "Sales", 1, None, None),
        ("inbound", None, 1, None, None),
        ("outbound", "Sales", 2, 0.5, 0),
    ]


def test_hours_are_the_accounts_own_and_come_twice_when_clocks_go_back(
    warehouse: Warehouse,
) -> None:
    day = date(2026, 10, 25)
    warehouse.make_days({day})
    with warehouse.transaction() as c:
        for number, hour in enumerate((0, 1, 1, 2)):
            at = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
            put_call(c, str(number), call_date=day, started_at=at)
        mark_stale(c, day)
    refresh_marts(warehouse)
    assert query(
        warehouse, "SELECT hour, hour_at, calls FROM marts.calls_by_hour ORDER BY hour_at"
    ) == [
        (2, datetime(2026, 10, 25, 0, 0, tzinfo=UTC), 1),
        (2, datetime(2026, 10, 25, 1, 0, tzinfo=UTC), 2),
        (3, datetime(2026, 10, 25, 2, 0, tzinfo=UTC), 1),
    ]


def test_nobody_talks_with_a_machine(days: Warehouse) -> None:
    own: dict[str, Any] = {"direction": "outbound", "agent_name": "Ada", "cost": 1}
    machine = {"disposition": "machine", "talk_s": 30}
    request = {"grain": "callback_request", "attempt_no": 1}
    with days.transaction() as c:
        put_account(c)
        for grain, changes in (("call", {}), ("request", request)):
            put_call(c, f"{grain} answered", **own, **changes)
            put_call(c, f"{grain} taken", **own, **changes, **machine)
            put_call(c, f"{grain} left word", **own, **changes, disposition="voicemail", talk_s=9)
    by_day = "SELECT talks, talk_s, avg_talk_s, p50_talk_s FROM marts.calls_by_day"
    assert refreshed(days, by_day) == [(1, 100, 100, 100)] * 2
    for mart in ("hour", "quarter_hour", "15_minutes", "30_minutes"):
        asked = f"SELECT sum(talks), sum(talk_s) FROM marts.calls_by_{mart}"
        assert query(days, asked) == [(2, 200)], mart
    agents = "SELECT answered_calls, talk_s, avg_talk_s FROM marts.agents_by_day"
    assert query(days, agents) == [(1, 100, 100)]
    expected = {"marts.costs_by_day": 200, "marts.callbacks_by_day": 100}
    for mart, talk_s in (expected | {"facts.callback_attempts": 100}).items():
        assert query(days, f"SELECT sum(talk_s) FROM {mart}") == [(talk_s,)], mart


def test_waits_that_nobody_tells_are_not_short(days: Warehouse) -> None:
    """As Wolkvox': whoever was answered, or gave up, waited nobody knows how long."""
    with days.transaction() as c:
        put_account(c)
        put_call(c, "1", wait_s=None)
        put_call(c, "2", wait_s=None, disposition="abandoned", talk_s=None)
    refreshed(days, "SELECT")
    for mart in ("quarter_hour", "15_minutes", "30_minutes"):
        short = "sum(answered_in_120s), sum(abandoned_in_5s), sum(abandoned_calls)"
        asked = f"SELECT {short} FROM marts.calls_by_{mart}"
        assert query(days, asked) == [(None, None, 1)], mart


def test_who_is_reached_later_than_in_fourteen_days_was_not_reached(warehouse: Warehouse) -> None:
    """To the minute, whichever the days: another account's zone may be a day ahead."""
    missed = datetime(2026, 3, 10, 22, 30, tzinfo=UTC)
    in_time, late = missed + timedelta(hours=336), missed + timedelta(hours=336, minutes=1)
    warehouse.make_days({DAY, in_time.date(), in_time.date() + timedelta(days=1)})
    with warehouse.transaction() as c:
        for caller, at in (("ana", in_time), ("ben", late)):
            put_call(c, caller, started_at=missed, caller_key=caller, disposition="abandoned")
            called = {"caller_key": caller, "direction": "outbound", "account": "ahead"}
            day = in_time.date() + timedelta(days=1)
            put_call(c, f"to {caller}", call_date=day, started_at=at, **called)
            put_call(c, f"by {caller}", call_date=day, started_at=at, caller_key=caller)
        mark_stale(c)
        mark_stale(c, day)
    refresh_marts(warehouse)
    assert query(
        warehouse,
        "SELECT caller_key, called_again_at, tried_at, reached_at, hours_open"
        " FROM marts.missed_callers ORDER BY 1",
    ) == [("ana", in_time, in_time, in_time, 336), ("ben", None, None, None, 336)]


def test_agents_calls_stand_beside_their_vendors_totals(days: Warehouse) -> None:
    usage = {"call_date": DAY, "account": "acme", "stream": "agent_usage", "vendor": "wolkvox"}
    usage["observed_at"] = datetime.now(UTC)
    with days.transaction() as c:
        ada: dict[str, Any] = {"vendor": "wolkvox", "agent_name": "Ada"}
        put_call(c, "1", **ada, cost="1.50", currency="COP")
        put_call(c, "2", **ada, disposition="no_answer", talk_s=None)
        put_call(c, "5", **ada, direction="outbound", talk_s=50)
        put_call(c, "6", **ada, disposition="blocked", talk_s=None)
        put_call(c, "3", vendor="wolkvox", agent_name="Bo", agent_id="1", cost=1, currency="COP")
        put_call(c, "4", vendor="wolkvox", agent_name="Bo", agent_id="2", cost=2, currency="USD")
        put(c, "facts.agent_usage", agent_name="Ada", calls=2, cost=1.5, currency="COP", **usage)
        put(c, "facts.agent_usage", agent_name="Cy", calls=7, cost=3, currency="USD", **usage)
    figures = (
        "SELECT agent_name, direction, calls, answered_calls, talk_s, cost, reported_calls,"
        " reported_cost, currency, first_call_local::text FROM marts.agents_by_day ORDER BY 1, 2"
    )
    cents, ten = Decimal("1.5"), "2026-03-10 10:00:00"
    assert refreshed(days, figures) == [
        ("Ada", "inbound", 2, 1, 100, cents, None, None, "COP", ten),
        ("Ada", "outbound", 1, 1, 50, None, None, None, None, ten),
        ("Ada", None, None, None, None, None, 2, cents, "COP", None),
        ("Bo", "inbound", 2, 2, 200, None, None, None, None, ten),
        ("Cy", None, None, None, None, None, 7, Decimal(3), "USD", None),
    ]
    costs = query(days, "SELECT currency, calls, cost FROM marts.costs_by_day ORDER BY 1")
    assert costs == [("COP", 2, Decimal("2.5")), ("USD", 1, Decimal(2))]


def test_callbacks_paths_and_recordings(days: Warehouse) -> None:
    step = {"call_date": DAY, "account": "acme", "stream": "call_details", "call_id": "ivr"}
    recording = {"call_date": DAY, "account": "acme", "stream": "recordings", "vendor": "vono"}
    recording["started_at"] = datetime(2026, 3, 10, tzinfo=UTC)
    with days.transaction() as c:
        requests: tuple[dict[str, Any], ...] = (
            {"attempt_no": 1},
            {"attempt_no": 3, "disposition": "no_answer"},
            {"attempt_no": 3, "disposition": "no_answer", "is_final": False},
        )
        for number, changes in enumerate(requests):
            put_call(c, str(number), grain="callback_request", queue_name="Popup", **changes)
        put_call(c, "ivr", grain="ivr_session", disposition="ivr_contained", duration_s=9)
        put_call(c, "late", grain="ivr_session", disposition="ivr_contained")
        for position, task in enumerate(("start", "menu", "menu", "hangup"), 1):
            put(c, "facts.call_events", position=position, task_name=task, **step)
        put(c, "facts.recordings", recording_id="1", duration_s=5, audio_uri="file:a", **recording)
        put(c, "facts.recordings", recording_id="2", duration_s=7, **recording)
        gone = {"missing_since": datetime.now(UTC)}
        put(c, "facts.recordings", recording_id="3", duration_s=7, **recording, **gone)
    assert refreshed(
        days,
        "SELECT attempt_no, requests, answered_requests, unanswered_requests, open_requests"
        " FROM marts.callbacks_by_day ORDER BY 1",
    ) == [(1, 1, 1, 0, 0), (3, 2, 0, 1, 1)]
    assert query(
        days, "SELECT path, steps, sessions, avg_duration_s FROM marts.ivr_paths_by_day ORDER BY 1"
    ) == [("start > menu > menu > hangup", 4, 1, 9), (None, None, 1, None)]
    assert query(
        days,
        "SELECT recordings, missing_recordings, fetched, fetched_share, recorded_s"
        " FROM marts.recordings_by_day",
    ) == [(2, 1, 1, 0.5, 12)]


def test_a_refresh_writes_only_rows_that_differ(days: Warehouse) -> None:
    with days.transaction() as c:
        put_call(c, "1")
        put_call(c, "2", direction="outbound")
        mark_stale(c)
    assert sum(m.written for _, marts in refresh_days(days, [DAY]) for m in marts) == 6
    xmin = "SELECT xmin::text FROM marts.calls_by_day WHERE direction = 'inbound'"
    before = query(days, xmin)
    with days.transaction() as c:
        put_call(c, "3", direction="outbound")
        mark_stale(c)
    [(_, marts)] = refresh_days(days, stale_days(days))
    assert {m.mart: (m.rows, m.written) for m in marts if m.written} == {
        "calls_by_day": (2, 2),
        "calls_by_hour": (2, 2),
        "calls_by_quarter_hour": (2, 2),
    }
    assert query(days, xmin) == before
    [(_, marts)] = refresh_days(days, [DAY], always=True)
    assert sum(m.written for m in marts) == 0
    assert list(refresh_days(days, [DAY])) == []


def test_what_a_load_commits_after_the_refresh_began_is_still_stale(days: Warehouse) -> None:
    with days.transaction() as c:
        put_call(c, "1")
        mark_stale(c)
    calls = "SELECT sum(calls) FROM marts.calls_by_day"
    with days.transaction() as load:
        put_call(load, "2")
        mark_stale(load)
        assert refresh_marts(days) == [DAY]
        assert query(days, calls) == [(1,)]
    assert stale_days(days) == [DAY]
    assert refresh_marts(days) == [DAY]
    assert query(days, calls) == [(2,)]
    assert refresh_marts(days) == []


def test_a_refresh_that_dies_leaves_the_day_stale(days: Warehouse) -> None:
    with days.transaction() as c:
        put_call(c, "1")
        mark_stale(c)
    with days.engine.connect() as c:
        assert refresh_day(c, DAY)
        c.rollback()  # as Postgres does when its client is gone
    assert query(days, "SELECT count(*) FROM marts.calls_by_day") == [(0,)]
    assert refresh_marts(days) == [DAY]


def test_two_refreshes_at_once_do_a_day_once(days: Warehouse) -> None:
    with days.transaction() as c:
        for number in range(300):
            put_call(c, str(number), queue_name=f"queue {number}")
        mark_stale(c)
    done: list[date] = []
    start = threading.Barrier(4)

    def refresh() -> None:
        start.wait()
        done.extend(refresh_marts(days))

    threads = [threading.Thread(target=refresh) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [DAY]
    assert query(days, "SELECT count(*), sum(calls) FROM marts.calls_by_day") == [(300, 300)]


def test_a_day_that_is_being_loaded_is_waited_for_but_not_for_ever(warehouse: Warehouse) -> None:
    old, now = DAY - timedelta(days=1), datetime.now(UTC)
    with warehouse.transaction() as c:
        put(c, "ops.stale_days", call_date=DAY, stale_since=now)
        put(c, "ops.stale_days", call_date=old, stale_since=now - timedelta(minutes=10))
        put(c, "ops.stale_days", call_date=old, stale_since=now)
    wait = timedelta(seconds=15)
    assert stale_days(warehouse) == [DAY, old]
    assert stale_days(warehouse, wait, timedelta(minutes=5)) == [old]
    assert stale_days(warehouse, wait, timedelta(minutes=20)) == []


def test_a_broken_mart_stops_no_other_and_stays_behind(
    days: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its statement may be wrong, or its rows not what its key says."""
    with days.transaction() as c:
        put_call(c, "1", cost=1, currency="COP")
        put_call(c, "2", direction="outbound", cost=1, currency="COP")
        mark_stale(c)
    wrong = {
        "calls_by_day": ("WHERE call_date = :day", "WHERE no_such_column = :day"),
        "costs_by_day": (
            "GROUP BY call_date,",
            "GROUP BY direction, call_date,",
        ),  # two rows, one key
    }
    whole = tables()
    statements = {
        name: replace(mart, statement=mart.statement.replace(*wrong.get(name, ("", ""))))
        for name, mart in whole.items()
    }
    with monkeypatch.context() as patch:
        patch.setattr("assets.refresh.tables", lambda: statements)
        [(_, done)] = refresh_days(days, [DAY])
    assert {mart.mart: mart.error for mart in done if mart.error} == {
        "calls_by_day": 'column "no_such_column" does not exist',
        "costs_by_day": 'duplicate key value violates unique constraint "costs_by_day_call_date'
        '_account_grain_currency_key"',
    }
    assert query(days, "SELECT sum(calls) FROM marts.calls_by_hour") == [(2,)]
    behind = "SELECT mart FROM ops.stale_days ORDER BY 1"
    assert query(days, behind) == [("calls_by_day",), ("costs_by_day",)]
    [(_, done)] = refresh_days(days, stale_days(days))
    assert [(mart.mart, mart.error) for mart in done] == [
        ("calls_by_day", None),
        ("costs_by_day", None),
    ]
    assert query(days, behind) == []


def test_what_is_built_from_a_mart_that_fails_is_behind_with_it(
    days: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has read the rows from before: the next refresh computes both."""
    with days.transaction() as c:
        put_call(c, "1", grain="callback_request", attempt_no=2)
        mark_stale(c)
    whole = tables()
    attempts = whole["callback_attempts"]
    wrong = replace(
        attempts, statement=attempts.statement.replace("AND c.attempt_no", "AND nothing")
    )
    with monkeypatch.context() as patch:
        patch.setattr("assets.refresh.tables", lambda: {**whole, "callback_attempts": wrong})
        [(_, done)] = refresh_days(days, [DAY])
    assert [mart.mart for mart in done if mart.error] == ["callback_attempts"]
    assert refresh_marts(days) == [DAY]
    counted = "SELECT attempt_no, attempts FROM marts.callback_funnel_by_day ORDER BY 1"
    assert query(days, counted) == [(1, 1), (2, 1)]


@pytest.mark.parametrize("laid", ["statements/calls_by_day", "marts/calls_by_day", "marts/newer"])
def test_a_mart_of_another_version_of_callhouse_is_left_to_that_one(
    days: Warehouse, laid: str
) -> None:
    """As after an upgrade, when another host still is the older one."""
    with days.transaction() as c:
        put_call(c, "1")
        mark_stale(c)
        c.exec_driver_sql(
            f"INSERT INTO ops.objects (name, digest) VALUES ('{laid}', 'another')"
            " ON CONFLICT (name) DO UPDATE SET digest = 'another'"
        )
    [(_, done)] = refresh_days(days, stale_days(days))
    name = laid.partition("/")[2]
    failed = [(mart.mart, mart.error) for mart in done if mart.error]
    assert failed == ([] if name == "newer" else [(name, ANOTHER_VERSION)])
    assert any(mart.rows for mart in done), "the others go on"
    behind = {mart for (mart,) in query(days, "SELECT DISTINCT mart FROM ops.stale_days")}
    assert name in behind


@pytest.mark.parametrize("name", ["trust_by_day", "unreadable"])
def test_what_nobody_can_refresh_is_waited_for_by_no_day(
    days: Warehouse, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A view that somebody has built on, so that it couldn't be laid again; and a mart whose
    description can't be read.
    """
    broken = {"unreadable": "its description is wrong"}
    monkeypatch.setattr("resources.postgres.objects.broken", lambda: broken)
    with days.transaction() as c:
        put_call(c, "1")
        mark_stale(c)
        c.exec_driver_sql(
            f"INSERT INTO ops.objects (name, digest) VALUES ('statements/{name}', 'another')"
            " ON CONFLICT (name) DO UPDATE SET digest = 'another'"
        )
    assert refresh_marts(days) == [DAY]
    assert query(days, "SELECT mart FROM ops.stale_days") == []


def test_a_row_too_long_for_its_mart_stops_neither_others_nor_the_next_day(
    days: Warehouse,
) -> None:
    """A mart of one's own may be built from texts that aren't cut."""
    random = Random(1)
    name = "".join(chr(random.randrange(0x4E00, 0x9FA5)) for _ in range(3000))
    before = DAY - timedelta(days=1)
    days.make_days({before})
    with days.transaction() as c:
        put_day(c, call_date=before)
        put_call(c, "1", queue_name=name)
        put_call(c, "2", call_date=before)
        mark_stale(c)
        mark_stale(c, before)
    done = dict(refresh_days(days, stale_days(days)))
    errors = {mart.mart: mart.error for mart in done[DAY] if mart.error}
    assert {"calls_by_day", "calls_by_hour"} <= errors.keys()
    assert set(errors.values()) == {
        "a row of it is longer than Postgres can index: cut its texts in its statement"
    }
    assert not any(mart.error for mart in done[before])
    assert query(days, "SELECT sum(calls) FROM marts.calls_by_day") == [(1,)]


def test_a_description_that_is_wrong_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "mine.sql").write_text("SELECT 1 AS call_date", encoding="utf-8")
    for told, said in (
        ('call_date = { from = ["calls.no_such"] }', "no such column of facts: calls.no_such"),
        ('call_date = { from = ["talk"] }', "not a column"),
        ('"a b" = { type = "text", meaning = "", from = [] }', "not a plain identifier"),
        ("account = {}", "needs the column call_date"),
    ):
        text = f'meaning = "Mine"\nkey = ["account"]\n[columns]\n{told}\n'
        (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=said):
            read("mine", tmp_path)
