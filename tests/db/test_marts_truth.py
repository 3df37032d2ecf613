"""The marts on a set made by hand, whose answers are worked out by hand.

One account in Warsaw, one in Bogotá. Tuesday, 10 March 2026 (in Warsaw UTC+1); Wednesday follows.
"""

import json
import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import sqlalchemy as sa

from assets.loading.landing.caller_keys import CallerKeys
from assets.refresh import refresh_marts
from resources.postgres.warehouse import Warehouse
from resources.windows import day_start
from tests.analysts.questions import metrics, query_of
from tests.db.facts import (
    DAY,
    at,
    mark_stale,
    put,
    put_account,
    put_call,
    put_day,
    query,
    today_in,
)

NEXT = DAY + timedelta(days=1)
NOON = time(12)
ANA, BEN, CAI = "ana", "ben", "cai"


def put_calls(c: Any) -> None:
    """Six inbound calls on Tuesday between nine and ten, and what followed."""
    lost = {"disposition": "abandoned", "talk_s": None}
    for key, clock, caller, changes in (
        ("1", "9:00:00", ANA, {"wait_s": 4}),
        ("2", "9:14:59", BEN, {"wait_s": 20}),
        ("3", "9:15:00", ANA, {**lost, "wait_s": 3}),
        ("4", "9:20:00", CAI, {**lost, "wait_s": 90}),
        ("5", "9:40:00", BEN, {"wait_s": None}),
        ("6", "9:50:00", None, {"disposition": "in_progress", "is_final": False, "wait_s": 1}),
    ):
        put_call(c, key, started_at=at(clock), caller_key=caller, **changes)
    out = {"direction": "outbound", "agent_name": "Ada"}
    put_call(c, "7", started_at=at("11:20:00"), caller_key=CAI, **out, disposition="busy", talk_s=0)
    # Ana is reached on the next day, through an account of another vendor.
    ring = {"account": "bogota", "vendor": "wolkvox", "call_date": NEXT, "wait_s": None}
    put_call(c, "8", started_at=at("9:15:00", NEXT), caller_key=ANA, **out, **ring, ring_s=8)
    put_call(c, "9", started_at=at("8:00:00", NEXT), caller_key=BEN, call_date=NEXT)


def put_callbacks(c: Any) -> None:
    """Requests: answered at once, at the second attempt, given up at the third, spam, and one of
    which no attempt is known.
    """
    request = {
        "account": "popup", "vendor": "clickfono", "grain": "callback_request", "wait_s": None,
        "direction": "outbound", "queue_name": "Popup",
    }  # fmt: skip
    lost = {"disposition": "no_answer", "talk_s": None}
    put_call(c, "a", **request, attempt_no=1, started_at=at("10:00:00"))
    put_call(c, "b", **request, attempt_no=2, started_at=at("12:00:00"))
    put_call(
        c, "c", **request, **lost, attempt_no=3, started_at=at("10:00:00", NEXT), call_date=NEXT
    )
    put_call(c, "d", **request, disposition="blocked", attempt_no=1, talk_s=None)
    put_call(c, "e", **request, attempt_no=None, talk_s=None)
    version = {
        "account": "popup",
        "stream": "calls",
        "first_seen_at": at("13:00:00"),
        "request_id": 1,
    }
    for key, day, number, retry, called_at in (
        ("b", DAY, 1, "1", "2026/03/10 11:00:00 +0100"),
        ("b", DAY, 2, "2", "2026/03/10 12:00:00 +0100"),
        ("c", DAY, 1, "1", "2026/03/10 11:30:00 +0100"),
        ("c", NEXT, 2, "no number", "not a time"),
        ("c", NEXT, 3, "3", "2026/03/11 10:00:00 +0100"),
    ):
        payload = f'{{"retry": "{retry}", "call_at": "{called_at}"}}'
        own = {"call_date": day, "record_key": key, "version": number, "payload": payload}
        put(c, "raw.records", **version, **own)


def put_ivr(c: Any) -> None:
    """Three sessions: passed on from the menu, hung up in it, ended by the flow."""
    session = {"account": "ivr", "vendor": "evolux", "grain": "ivr_session", "flow_name": "Main"}
    for key, disposition, steps in (
        ("x", "transferred", ("start", "menu", "transfer")),
        ("y", "abandoned", ("start", "menu")),
        ("z", "ivr_contained", ("start", "menu", "hangup")),
    ):
        put_call(c, key, **session, disposition=disposition, wait_s=None, talk_s=None)
        own = {"call_date": DAY, "account": "ivr", "stream": "call_details", "call_id": key}
        for position, name in enumerate(steps, 1):
            put(c, "facts.call_events", **own, position=position, task_name=name)


@pytest.fixture(scope="module")
def given(shared_warehouse: Warehouse) -> Warehouse:
    shared_warehouse.make_days({DAY, NEXT})
    with shared_warehouse.transaction() as c:
        put_account(c)
        put_account(c, account="bogota", vendor="wolkvox", timezone="America/Bogota", country="CO")
        put_account(c, account="unread", start_date=date(2026, 12, 25), country="XX")
        put_day(c)
        put_calls(c)
        put_callbacks(c)
        put_ivr(c)
        mark_stale(c)
        mark_stale(c, NEXT)
    assert refresh_marts(shared_warehouse) == [NEXT, DAY]
    return shared_warehouse


def test_intervals_are_whole_days_with_the_waits_of_each_outcome(given: Warehouse) -> None:
    mine = "account = 'acme' AND call_date = '2026-03-10' AND direction = 'inbound'"
    for minutes, intervals in ((15, 96), (30, 48)):
        counted = (
            "SELECT count(*), min(interval_local)::text, max(interval_local)::text, sum(calls)"
            f" FROM marts.calls_by_{minutes}_minutes WHERE {mine}"
        )
        [(rows, first, last, calls)] = query(given, counted)
        assert (rows, calls, first) == (intervals, 6, "2026-03-10 00:00:00")
        assert last == f"2026-03-10 23:{60 - minutes}:00"
    figures = (
        "SELECT interval_local::time::text, offered_calls, answered_calls, abandoned_calls,"
        " answered_wait_known, answered_wait_s, answered_in_5s, answered_in_20s, abandoned_in_5s,"
        " abandoned_in_60s, abandoned_in_120s, abandoned_wait_s"
        f" FROM marts.calls_by_15_minutes WHERE {mine} AND offered_calls > 0 ORDER BY 1"
    )
    assert query(given, figures) == [
        ("09:00:00", 2, 2, 0, 2, 24, 1, 2, None, None, None, None),
        ("09:15:00", 2, 0, 2, 0, None, None, None, 1, 1, 2, 93),
        ("09:30:00", 1, 1, 0, 0, None, None, None, None, None, None, None),
    ]
    halves = (
        "SELECT interval_local::time::text, offered_calls, abandoned_calls, open_calls"
        f" FROM marts.calls_by_30_minutes WHERE {mine} AND calls > 0 ORDER BY 1"
    )
    assert query(given, halves) == [("09:00:00", 4, 2, 0), ("09:30:00", 1, 0, 1)]


def test_intervals_of_a_day_with_two_hours_of_one_name(given: Warehouse) -> None:
    day = date(2026, 10, 25)
    given.make_days({day})
    with given.transaction() as c:
        put_day(c, call_date=day)
        for number, clock in enumerate(
            ("0:40", "1:40", "2:10")
        ):  # 2:40, 2:40 and 3:10 by its clocks
            started_at = datetime.fromisoformat(f"2026-10-25T{clock:0>5}:00+00:00")
            put_call(c, f"dst{number}", call_date=day, started_at=started_at)
        mark_stale(c, day)
    refresh_marts(given)
    for minutes, first in ((15, "02:30:00"), (30, "02:30:00")):
        table = f"marts.calls_by_{minutes}_minutes WHERE call_date = '2026-10-25'"
        assert query(given, f"SELECT count(*) FROM {table}") == [(25 * 60 // minutes,)]
        busy = f"SELECT interval_local::time::text, calls FROM {table} AND calls > 0"
        assert query(given, f"{busy} ORDER BY interval_at") == [
            (first, 1), (first, 1), ("03:00:00", 1),
        ]  # fmt: skip


def test_intervals_of_days_that_clocks_begin_twice(warehouse: Warehouse) -> None:
    """In Havana, on 1 November 2026, it is midnight again an hour later."""
    zone, day = "America/Havana", date(2026, 11, 1)
    days = [day - timedelta(days=1), day]
    warehouse.make_days({*days})
    with warehouse.transaction() as c:
        for each in days:
            put_day(c, call_date=each, timezone=zone)
            put_call(c, f"{each}", call_date=each, started_local=datetime.combine(each, NOON),
                     started_at=datetime.combine(each, NOON, ZoneInfo(zone)))  # fmt: skip
            mark_stale(c, each)
    refresh_marts(warehouse)
    intervals = (
        "SELECT call_date, interval_local::date, count(*), sum(calls)"
        "  FROM marts.calls_by_30_minutes GROUP BY 1, 2 ORDER BY 1"
    )
    expected = [(days[0], days[0], 48, 1), (day, day, 50, 1)]
    assert query(warehouse, intervals) == expected
    with warehouse.transaction() as c:  # as of days that were gone before the mart had this column
        c.exec_driver_sql("UPDATE marts.calls_by_quarter_hour SET timezone = NULL")
    assert query(warehouse, intervals) == expected


@pytest.mark.parametrize(
    "zone",
    ["America/Havana", "Atlantic/Azores", "America/Santiago", "Asia/Beirut", "Africa/Cairo",
     "Australia/Lord_Howe", "America/Asuncion", "Europe/Warsaw", "Asia/Kathmandu"],
)  # fmt: skip
def test_days_begin_in_sql_when_they_do_in_python(shared_warehouse: Warehouse, zone: str) -> None:
    starts = (
        "SELECT day::date, ops.day_start(day::date, :zone)"
        "  FROM generate_series('2020-01-01', '2030-01-01', interval '1 day') AS day"
    )
    for day, start in query(shared_warehouse, starts, zone=zone):
        assert start == day_start(day, ZoneInfo(zone)), day


def test_missed_callers_and_who_reached_them(given: Warehouse) -> None:
    """Ana is called back a day later by another account, Cai in vain; Ben wasn't missed."""
    rows = query(
        given,
        "SELECT caller_key, missed_calls, last_missed_at, called_again_at, tried_at, reached_at,"
        " reached_by FROM marts.missed_callers ORDER BY 1",
    )
    reached = at("9:15:00", NEXT)
    assert rows == [
        (ANA, 1, at("9:15:00"), None, reached, reached, "bogota"),
        (CAI, 1, at("9:20:00"), None, at("11:20:00"), None, None),
    ]
    hours = "SELECT caller_key, hours_open FROM marts.missed_callers ORDER BY 1"
    assert query(given, hours) == [(ANA, 24), (CAI, 336)]


@pytest.mark.parametrize(
    ("asked", "again"),
    [("2026-09-05T23:30-04:00", "2026-09-06T10:00-03:00"),
     ("2026-04-04T00:30-03:00", "2026-04-05T10:00-04:00")],
    ids=["spring", "autumn"],
)  # fmt: skip
def test_a_request_stays_at_its_time_when_clocks_change_before_it_is_tried_again(
    warehouse: Warehouse, asked: str, again: str
) -> None:
    """In Chile, at midnight of Saturday."""
    own: dict[str, Any] = {"account": "popup", "stream": "calls"}
    times = [datetime.fromisoformat(asked), datetime.fromisoformat(again)]
    locally = [time.replace(tzinfo=None) for time in times]
    warehouse.make_days({time.date() for time in times})
    with warehouse.transaction() as c:
        put_day(c, **own, call_date=times[1].date(), timezone="America/Santiago")
        put_call(c, "a", **own, vendor="clickfono", grain="callback_request", attempt_no=2,
                 call_date=times[1].date(), started_at=times[1],
                 started_local=locally[1])  # fmt: skip
        put(c, "raw.records", **own, call_date=times[0].date(), record_key="a", version=1,
            payload=json.dumps({"retry": "1", "call_at": asked}), first_seen_at=times[0],
            request_id=1)  # fmt: skip
        mark_stale(c, times[1].date())
    refresh_marts(warehouse)
    requested = "SELECT DISTINCT requested_local FROM facts.callback_attempts"
    assert query(warehouse, requested) == [(locally[0],)]


@pytest.mark.parametrize(
    ("is_final", "last"),
    [(True, at("13:00:00")), (False, at("13:00:00")), (True, at("13:00:00", date(2026, 4, 9)))],
    ids=["given up", "to be tried again", "weeks later"],
)
def test_a_missed_caller_was_tried_when_a_callback_first_was(
    warehouse: Warehouse, is_final: bool, last: datetime
) -> None:
    warehouse.make_days({DAY, last.date()})
    own: dict[str, Any] = {"account": "popup", "stream": "calls"}
    tries = [at("10:00:00"), at("11:00:00"), at("12:00:00")]
    with warehouse.transaction() as c:
        put_call(c, "missed", caller_key=ANA, disposition="abandoned", started_at=at("9:00:00"))
        put_call(c, "a", **own, vendor="clickfono", grain="callback_request", direction="outbound",
                 caller_key=ANA, disposition="no_answer", is_final=is_final, attempt_no=4,
                 call_date=last.date(), started_at=last)  # fmt: skip
        for version, tried in enumerate(tries, 1):
            put(c, "raw.records", **own, call_date=DAY, record_key="a", version=version,
                payload=json.dumps({"retry": str(version), "call_at": str(tried)}),
                first_seen_at=tried, request_id=1)  # fmt: skip
        mark_stale(c)
        mark_stale(c, last.date())
    refresh_marts(warehouse)
    assert query(warehouse, "SELECT tried_at FROM marts.missed_callers") == [(tries[0],)]
    called = "SELECT tried_at, outbound_calls FROM marts.callers_by_day WHERE account = 'popup'"
    tries += [last] * is_final
    assert query(warehouse, called) == [(tries, len(tries))]


def test_all_calls_of_a_caller_or_a_number(given: Warehouse) -> None:
    asked = "SELECT call_id FROM {}.calls_of_caller('ana') ORDER BY 1"
    for schema in ("facts", "masked"):
        assert query(given, asked.format(schema)) == [("1",), ("3",), ("8",)]
    [(secret,)] = query(given, "SELECT value FROM ops.settings WHERE name = 'caller_secret'")
    row = {"direction": "inbound", "from_e164": "+48500", "to_e164": None}
    [key] = CallerKeys(secret.encode()).of(pd.DataFrame([row]))
    with given.transaction() as c:  # marts are behind on it
        new = {"account": "bogota", "vendor": "wolkvox", "caller_key": key}
        put_call(c, "new", call_date=NEXT, started_at=at("18:00:00", NEXT), **new)
        # Gone at the vendor: on a day with others of theirs, and on one without.
        for day in (NEXT, DAY):
            put_call(c, "gone", call_date=day, caller_key=key, missing_since=at("19:00:00", NEXT))
            mark_stale(c, day)
    for _ in range(2):
        assert query(given, "SELECT call_id FROM facts.calls_of('+48500')") == [("new",)]
        refresh_marts(given)


def test_repeat_callers(given: Warehouse) -> None:
    rows = query(
        given,
        "SELECT call_date, callers, called_twice_today, called_within_7_days"
        "  FROM marts.repeat_callers_by_day WHERE account = 'acme' AND call_date < '2026-10-01'"
        " ORDER BY 1",
    )
    assert rows == [(DAY, 3, 2, 0), (NEXT, 1, 0, 1)]


def test_a_callbacks_attempts_are_those_that_were_and_its_request_stays_where_it_was(
    given: Warehouse,
) -> None:
    rows = query(
        given,
        "SELECT call_id, attempt_no, requested_local::text, attempted_at, outcome"
        "  FROM facts.callback_attempts ORDER BY 1, 2",
    )
    assert rows == [
        ("a", 1, "2026-03-10 10:00:00", at("10:00:00"), "answered"),
        ("b", 1, "2026-03-10 11:00:00", at("11:00:00"), "unanswered"),
        ("b", 2, "2026-03-10 11:00:00", at("12:00:00"), "answered"),
        ("c", 1, "2026-03-10 11:30:00", at("11:30:00"), "unanswered"),
        ("c", 2, "2026-03-10 11:30:00", None, "unanswered"),
        ("c", 3, "2026-03-10 11:30:00", at("10:00:00", NEXT), "unanswered"),
    ]
    funnel = query(
        given,
        "SELECT requested_date, attempt_no, sum(attempts), sum(answered_attempts),"
        " sum(unanswered_attempts), sum(given_up_requests) FROM marts.callback_funnel_by_day"
        " GROUP BY 1, 2 ORDER BY 1, 2",
    )
    assert funnel == [(DAY, 1, 3, 1, 2, 0), (DAY, 2, 2, 1, 1, 0), (DAY, 3, 1, 0, 1, 1)]


def test_where_callers_leave_an_ivr(given: Warehouse) -> None:
    rows = query(
        given,
        "SELECT position, step, sessions, ended_here, abandoned_here, contained_here,"
        " handed_on_here FROM marts.ivr_steps_by_day ORDER BY 1, 2",
    )
    assert rows == [
        (1, "start", 3, 0, 0, 0, 0),
        (2, "menu", 3, 1, 1, 0, 0),
        (3, "hangup", 1, 1, 0, 1, 0),
        (3, "transfer", 1, 1, 0, 0, 1),
    ]


def test_the_calendar_knows_weekends_and_the_countrys_holidays(given: Warehouse) -> None:
    asked = (
        "SELECT weekday, weekday_name, is_weekend, holiday IS NOT NULL, holidays_known"
        " FROM marts.calendar WHERE country = :country AND call_date = :day"
    )
    for country, day, expected in (
        ("PL", date(2026, 5, 3), (7, "Sun", True, True, True)),
        ("CO", date(2026, 5, 4), (1, "Mon", False, False, True)),
        ("CO", date(2026, 7, 20), (1, "Mon", False, True, True)),
        ("XX", date(2026, 12, 25), (5, "Fri", False, False, False)),
    ):
        assert query(given, asked, country=country, day=day) == [expected], (country, day)


def test_every_day_says_whether_to_trust_it(given: Warehouse) -> None:
    """Rows from the account's start to its today, whatever was read of them."""
    today = query(given, "SELECT today FROM marts.accounts WHERE account = 'trust'")
    assert today == []
    with given.transaction() as c:
        c.execute(sa.text("DELETE FROM ops.stale_days"))
        [[today]] = c.execute(sa.text("SELECT (now() AT TIME ZONE 'Europe/Warsaw')::date"))
        first = today - timedelta(days=8)
        put_account(c, account="trust", start_date=first, streams=["calls", "usage"])
        whole = {"account": "trust", "raw_records": 200, "facts": 200}
        states: tuple[tuple[int, dict[str, Any]], ...] = (
            (0, {"state": "complete"}),
            (1, {"state": "settling", "open_records": 3}),
            (2, {"state": "failed", "note": "HTTP 500"}),
            (3, {"state": "complete", "facts": 198, "rejects": 2}),
            (4, {"state": "complete", "facts": 190, "rejects": 10}),
            (5, {"state": "complete", "facts": 199}),
            (6, {"state": "open", "raw_records": 0, "facts": 0}),
        )  # of the eighth day nothing is known, and the ninth is today
        for number, changes in states:
            day = first + timedelta(days=number)
            put_day(c, **{**whole, **changes, "call_date": day})
            put_day(c, **whole, call_date=day, stream="usage")
        put(c, "ops.stale_days", call_date=first + timedelta(days=20))
    rows = query(
        given,
        "SELECT trust, why, is_today FROM marts.trust_by_day WHERE account = 'trust'"
        " ORDER BY call_date",
    )
    assert rows == [
        ("trusted", None, False),
        ("provisional", "calls: records may still change", False),
        ("wrong", "calls: HTTP 500", False),
        ("trusted", "calls: 2 of 200 records couldn't become facts", False),
        ("wrong", "calls: 10 of 200 records couldn't become facts", False),
        ("wrong", "calls: facts and rejects aren't as many as the records", False),
        ("not_read", "calls: not read whole yet", False),
        ("not_read", "calls: not read; usage: not read", False),
        ("provisional", "calls: the day goes on; usage: the day goes on", True),
    ]
    with given.transaction() as c:
        mark_stale(c, first)
    behind = (
        "SELECT trust, why, marts_behind_since IS NOT NULL FROM marts.trust_by_day"
        " WHERE account = 'trust' ORDER BY call_date LIMIT 1"
    )
    assert query(given, behind) == [("provisional", "the marts are being brought up to date", True)]


def test_a_day_is_behind_for_the_account_whose_facts_changed(given: Warehouse) -> None:
    day = today_in("Europe/Warsaw") - timedelta(days=1)
    with given.transaction() as c:
        for account in ("stale", "fresh"):
            put_account(c, account=account, start_date=day)
            put_day(c, account=account, call_date=day, raw_records=1, facts=1)
        put(c, "ops.stale_days", call_date=day, account="stale")
    behind = ("provisional", "the marts are being brought up to date", True)
    asked = "SELECT trust, why, marts_behind_since IS NOT NULL FROM marts.trust_by_day"
    for account, told in (("stale", behind), ("fresh", ("trusted", None, False))):
        mine = f"{asked} WHERE account = :account AND call_date = :day"
        assert query(given, mine, account=account, day=day) == [told]


def test_records_without_a_key_are_told_as_what_is_in_no_figure(given: Warehouse) -> None:
    day = today_in("Europe/Warsaw") - timedelta(days=1)
    own = {"account": "keyless", "stream": "calls", "call_date": day}
    reject: dict[str, Any] = {"field": "id", "reason": "none", "payload": "{}"}
    others: tuple[dict[str, Any], ...] = (
        {"field": "body"},
        {"resolved_at": at("9:00:00")},
        {"record_key": "7"},
    )
    with given.transaction() as c:
        put_account(c, account="keyless", start_date=day)
        put_day(c, **own, raw_records=5, facts=5, note="5 record(s) rejected")
        for number, changes in enumerate([*[reject] * 5, *(reject | other for other in others)]):
            put(c, "ops.rejects", **own, digest=f"{number:032}", **changes)
    counts = "raw_records, rejects FROM marts.{} WHERE account = 'keyless' AND call_date = :day"
    [row] = query(given, "SELECT trust, why, " + counts.format("trust_by_day"), day=day)
    assert row == ("wrong", "calls: 5 of 10 records couldn't become facts", 10, 5)
    assert query(given, "SELECT " + counts.format("completeness_by_day"), day=day) == [(10, 5)]


def test_a_trusted_day_tells_what_never_came(given: Warehouse) -> None:
    day = today_in("Europe/Warsaw") - timedelta(days=1)
    with given.transaction() as c:
        put_account(c, account="details", start_date=day, streams=["calls", "steps"])
        own = {"account": "details", "call_date": day, "raw_records": 5, "vendor_total": 5}
        put_day(c, **own, facts=5, open_records=1, note="1 record(s) never ended")
        lacking = {"raw_records": 3, "facts": 3, "note": "2 of 5 details never came"}
        put_day(c, **own | lacking, stream="steps")
    told = "SELECT trust, why FROM marts.trust_by_day WHERE NOT is_today AND account = 'details'"
    assert query(given, told) == [("trusted", "steps: 2 of 5 details never came")]


def test_a_day_by_other_clocks_than_its_accounts_keeps_its_calls_and_says_so(
    given: Warehouse,
) -> None:
    """It was loaded by those of Warsaw."""
    day = today_in("Europe/Warsaw") - timedelta(days=3)
    given.make_days({day})
    with given.transaction() as c:
        put_account(c, account="moved", start_date=day, timezone="America/Bogota")
        put_account(c, account="renamed", start_date=day, timezone="Europe/Berlin")
        for account in ("moved", "renamed"):
            put_day(c, account=account, call_date=day, raw_records=2, facts=2)
            for clock in ("1:30:00", "12:00:00"):
                put_call(c, clock, account=account, call_date=day, started_at=at(clock, day))
        mark_stale(c, day)
    refresh_marts(given)
    where = "WHERE account = :account AND call_date = :day"
    for minutes in (15, 30):
        counted = f"SELECT count(*), sum(calls) FROM marts.calls_by_{minutes}_minutes {where}"
        for account in ("moved", "renamed"):
            rows = query(given, counted, account=account, day=day)
            assert rows == [(24 * 60 // minutes, 2)]
    trust = f"SELECT trust, why FROM marts.trust_by_day {where}"
    moved = "calls: loaded as a day of Europe/Warsaw, and the account is in America/Bogota now"
    for account, told in (
        ("moved", ("provisional", moved)),
        ("renamed", ("trusted", None)),
    ):
        assert query(given, trust, account=account, day=day) == [told]


def test_intervals_are_by_the_clocks_of_the_calls_whatever_other_streams_were_loaded_by(
    given: Warehouse,
) -> None:
    day = DAY - timedelta(days=1)
    given.make_days({day})
    with given.transaction() as c:
        own: dict[str, Any] = {"account": "mixed", "call_date": day}
        put_day(c, **own, timezone="America/Bogota")
        put_day(c, **own, stream="usage")
        nine = {"started_at": at("15:00:00", day), "started_local": datetime(2026, 3, 9, 9)}  # noqa: DTZ001 - local
        put_call(c, "mixed", **own, **nine)
        mark_stale(c, day)
    refresh_marts(given)
    asked = (
        "SELECT count(*), count(DISTINCT interval_local), min(interval_local)::time::text"
        "  FROM marts.calls_by_30_minutes WHERE account = 'mixed'"
    )
    assert query(given, asked) == [(48, 48, "00:00:00")]


PEERS = ("Genesys Cloud", "Amazon Connect", "Talkdesk", "Aircall")
METRICS: dict[str, list[tuple[Any, ...]]] = {
    "Offered calls": [("acme", "inbound", 5), ("acme", "outbound", 1)],
    "Answer rate": [("acme", "inbound", Decimal("0.6")), ("acme", "outbound", 0)],
    "Abandonment rate": [("acme", Decimal("0.4"), Decimal("0.25"))],
    "Service level": [("acme", 1, Decimal("0.5"), Decimal("0.667"))],
    "Service level by any threshold": [("acme", Decimal("0.5"))],
    "Average speed of answer": [("acme", 12, Decimal("46.5"))],
    "Average handle time": [("acme", "inbound", 100), ("acme", "outbound", None)],
    "Containment and transfer rate": [("ivr", Decimal("0.333"), Decimal("0.333"))],
    "Repeat callers": [("acme", 3, 2, 0)],
    "Missed callers who weren't reached": [("acme", 2, 2, 1, 336)],
    "Callback success": [
        ("popup", 1, 3, 1, Decimal("0.333")),
        ("popup", 2, 2, 1, Decimal("0.5")),
        ("popup", 3, 1, 0, 0),
    ],
    "Concurrency": [("acme", datetime(2026, 3, 10, 9, 15), 2)],  # noqa: DTZ001 - local
}
"""What the catalogue's queries give for Tuesday, worked out by hand."""


def test_the_catalogue_of_metrics_is_whole_and_right(given: Warehouse) -> None:
    sections = metrics()
    documents = set(re.findall(r"^\| ([A-Z]\d) \| .+ \|$", sections.pop("Documents"), re.MULTILINE))
    assert list(sections) == list(METRICS)
    cited = set()
    for name, text in sections.items():
        for peer in re.findall(rf"^\| (?:{'|'.join(PEERS)}) \| (.+) \|$", text, re.MULTILINE):
            read = set(re.findall(r"\[([A-Z]\d)\b", peer))
            assert read or "not checked" in peer, (name, peer)
            cited |= read
        told = re.findall(r"^\| (.+?) \| .+ \|$", text, re.MULTILINE)
        assert told == ["numerator", "denominator", "options", *PEERS], name
        with given.transaction() as c:
            asked = query_of(text).replace("current_date", "DATE '2026-03-11'").replace("%", "%%")
            assert [tuple(row) for row in c.exec_driver_sql(asked)] == METRICS[name], name
    assert cited == documents
