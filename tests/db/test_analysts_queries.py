"""The figures of the queries in docs/analysts, on calls made by hand.

The metrics' usual case is in test_marts_truth.py; here are the days on which a query goes wrong.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from assets.refresh import refresh_marts
from resources.postgres.warehouse import Warehouse
from tests.analysts.questions import metrics, query_of, questions
from tests.db.facts import DAY, mark_stale, put, put_account, put_call, put_day

BEFORE, NEXT = DAY - timedelta(days=1), DAY + timedelta(days=1)
Rows = list[tuple[Any, ...]]
Call = dict[str, Any]


def at(clock: str, day: date = DAY) -> datetime:
    """A time of Warsaw's clocks, in winter."""
    return datetime.fromisoformat(f"{day}T{clock:0>5}:00+01:00").astimezone(UTC)


def metric(name: str) -> str:
    """The query of a metric."""
    return query_of(metrics()[name])


def ask(warehouse: Warehouse, query: str, today: date = NEXT) -> Rows:
    """What a query of the docs gives on a day."""
    dated = query.replace("current_date", f"DATE '{today}'").replace("%", "%%")
    with warehouse.transaction() as c:
        return [tuple(row) for row in c.exec_driver_sql(dated)]


def call(clock: str = "9:00", day: date = DAY, **changes: Any) -> Call:
    return {"started_at": at(clock, day), "call_date": day, **changes}


def lost(wait_s: float | None, **changes: Any) -> Call:
    """A caller gave up."""
    return call(disposition="abandoned", wait_s=wait_s, talk_s=None, **changes)


def rang(clock: str = "9:00", **changes: Any) -> Call:
    """Nobody answered, and only the ringing is known."""
    return call(clock, disposition="no_answer", wait_s=None, talk_s=None, **changes)


DAYS: dict[str, list[Call]] = {
    "two queues": [
        *(call(queue_name="A", wait_s=30) for _ in range(2)),
        lost(3, queue_name="A"),
        lost(60, queue_name="A"),
        *(call(queue_name="B", wait_s=10) for _ in range(6)),
    ],
    "nobody gave up": [call(), call(wait_s=30)],
    "everybody gave up": [lost(3), lost(60)],
    "one wait unknown": [call(), lost(None), lost(3)],
    "no waits told": [call(wait_s=None), lost(None)],
}
"""By account: a day's calls."""
RATES: dict[str, tuple[tuple[str | None, ...], tuple[str | None, ...]]] = {
    "two queues": (("0.200", "0.111"), ("0.750", "0.600", "0.667")),
    "nobody gave up": (("0", "0"), ("0.5", "0.5", "0.5")),
    "everybody gave up": (("1", "1"), (None, "0", "0")),
    "one wait unknown": (("0.667", None), ("1", "0.333", None)),
    "no waits told": (("0.5", None), (None, None, None)),
}
"""Abandonment, and service level."""


def test_rates_without_short_abandons_are_of_whole_days(warehouse: Warehouse) -> None:
    put_days(warehouse, DAYS)
    for place, name in enumerate(("Abandonment rate", "Service level")):
        expected = {
            account: tuple(None if figure is None else Decimal(figure) for figure in rates[place])
            for account, rates in RATES.items()
        }
        assert {row[0]: row[1:] for row in ask(warehouse, metric(name))} == expected, name


def put_days(warehouse: Warehouse, accounts: dict[str, list[Call]]) -> None:
    """The calls of some accounts, and the marts."""
    days = {call["call_date"] for calls in accounts.values() for call in calls}
    warehouse.make_days(days)
    with warehouse.transaction() as c:
        for account, calls in accounts.items():
            put_account(c, account=account)
            for number, changes in enumerate(calls):
                put_call(c, str(number), account=account, **changes)
        for day in days:
            mark_stale(c, day)
    refresh_marts(warehouse)


def test_no_rate_is_known_where_lost_calls_are_not_told(warehouse: Warehouse) -> None:
    """As of an account that doesn't load the stream of lost calls: all others would be answered."""
    put_days(warehouse, {"whole": [call(), lost(9)], "half": [call(), call("9:20", wait_s=30)]})
    with warehouse.transaction() as c:
        c.exec_driver_sql("UPDATE ops.accounts SET tells = '{waits}' WHERE account = 'half'")
        mark_stale(c)
    refresh_marts(warehouse)
    half: dict[str, Rows] = {
        "Offered calls": [("half", "inbound", None)],
        "Answer rate": [("half", "inbound", None)],
        "Abandonment rate": [("half", None, None)],
        "Service level": [("half", Decimal("0.5"), None, None)],
    }
    for name, expected in half.items():
        mine, other = ask(warehouse, metric(name))
        assert [mine] == expected, name
        assert None not in other, name
    for mart in ("quarter_hour", "15_minutes", "30_minutes"):
        by_interval = f"SELECT account, sum(offered_calls) FROM marts.calls_by_{mart}"
        of_day = ask(warehouse, f"{by_interval} GROUP BY 1 ORDER BY 1")
        assert of_day == [("half", None), ("whole", 2)], mart


CLOCKS_GO_BACK = date(2026, 10, 25)
BUSY: dict[str, tuple[list[Call], tuple[str, int]]] = {
    "for a while": ([call(), call("9:01"), call("9:05")], ("9:01", 2)),
    "back to back": ([call(ended_at=at("9:30")), call("9:30", ended_at=at("9:40"))], ("9:00", 1)),
    "rang": ([rang(ring_s=60), rang(ring_s=90)], ("9:00", 2)),
    "of unknown length": ([rang()], ("9:00", 1)),
    "over midnight": (
        [
            *(call("23:50", BEFORE, ended_at=at("0:20")) for _ in range(2)),
            *(call("23:10", BEFORE, ended_at=at(end, BEFORE)) for end in ("23:20", "23:30")),
            call("0:05", ended_at=at("0:10")),
            call("0:15", ended_at=at("0:16")),
        ],
        ("0:05", 3),
    ),
    "from the day before alone": (
        [call("23:50", BEFORE, ended_at=at("0:20")), call(ended_at=at("9:01"))],
        ("0:00", 1),
    ),
    "ends before it began": ([call(ended_at=at("8:00")), call("9:30")], ("9:00", 1)),
    "gone": ([call(missing_since=at("20:00")), call("10:00")], ("10:00", 1)),
}
"""By account: its calls; and when most of them went on at once."""


def test_calls_at_once(warehouse: Warehouse) -> None:
    put_days(warehouse, {account: calls for account, (calls, _) in BUSY.items()})
    expected = {
        account: (datetime.combine(DAY, time.fromisoformat(f"{clock:0>5}")), most)
        for account, (_, (clock, most)) in BUSY.items()
    }
    assert {row[0]: row[1:] for row in ask(warehouse, metric("Concurrency"))} == expected


def test_two_hours_of_one_name_arent_at_once(warehouse: Warehouse) -> None:
    calls = [
        {"call_date": CLOCKS_GO_BACK, "started_at": began, "ended_at": began + timedelta(minutes=1)}
        for began in (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    ]
    put_days(warehouse, {"acme": calls})
    [(*_, most)] = ask(warehouse, metric("Concurrency"), CLOCKS_GO_BACK + timedelta(days=1))
    assert most == 1


VENDORS = {
    "acme": "conpeek", "two": "wolkvox", "ivr": "evolux", "popup": "clickfono", "tapes": "vono",
}  # fmt: skip
GONE: Call = {"missing_since": at("20:00")}
"""The vendor has deleted it."""


def put_calls(c: Any) -> None:
    """Tuesday's calls: ana calls two accounts, which both call dee; cai is called back in vain."""
    out: Call = {"direction": "outbound"}
    sale: Call = {"wrapup_name": "Sale"}
    cost: Call = {"cost": 3, "currency": "EUR"}
    a: Call = {"queue_name": "A"}
    b: Call = {"queue_name": "B", "agent_name": "Cyd"}
    bea: Call = {**a, **sale, "agent_name": "Bea"}
    acme = (
        call("9:00", **bea, **cost, caller_key="ana", talk_s=120),
        call("9:10", **bea, caller_key="ben", wait_s=30),
        lost(3, **a, caller_key="cai"),
        lost(60, **a, caller_key="ana", started_at=at("9:20")),
        call("9:40", **b, **cost, caller_key="ben", talk_s=None),
        rang("10:00", **out, agent_name="Ada", caller_key="cai", ring_s=9),
        call("11:00", **out, caller_key="dee"),
        call("12:00", **b, **sale, **cost, **GONE, caller_key="dee"),
    )
    two = (
        call("12:00", **cost, caller_key="ana", talk_s=0, wait_s=None),
        call("13:00", **out, caller_key="dee"),
        call("14:00", **out, **cost, disposition="machine", talk_s=9),
    )
    for account, calls in (("acme", acme), ("two", two)):
        for number, changes in enumerate(calls):
            put_call(c, str(number), account=account, **changes)
    usage = {"account": "acme", "stream": "agent_usage", "vendor": "wolkvox", "call_date": DAY}
    for name in ("Bea", "Eve"):
        put(c, "facts.agent_usage", **usage, agent_name=name, calls=5, observed_at=at("23:00"))
    leg = {
        "account": "acme", "stream": "calls", "vendor": "conpeek", "call_date": DAY,
        "leg_type": "EXTERNAL", "direction": "inbound", "started_at": at("9:00"), "talk_s": 3,
    }  # fmt: skip
    for key, changes in (("1", {}), ("2", {"machine_detected": True}), ("3", GONE)):
        put(c, "facts.call_legs", **leg, **changes, leg_id=key, call_id=key)


def put_others(c: Any) -> None:
    """IVR sessions of Monday and Tuesday; callback requests, recordings."""
    ivr = {"account": "ivr", "grain": "ivr_session", "wait_s": None, "talk_s": None}
    for key, changes, steps in (
        ("x", {"disposition": "transferred"}, ("start", "transfer")),
        ("y", {"disposition": "abandoned"}, ("start",)),
        ("z", {"disposition": "abandoned", **GONE}, ("start",)),
    ):
        put_call(c, key, **ivr, **call(day=BEFORE, **changes))
        own = {"call_date": BEFORE, "account": "ivr", "stream": "call_details", "call_id": key}
        for position, name in enumerate(steps, 1):
            put(c, "facts.call_events", **own, position=position, task_name=name)
    put_call(c, "t", **ivr, disposition="transferred", caller_key="ana")
    popup = {"account": "popup", "grain": "callback_request", "direction": "outbound"}
    put_call(c, "a", **popup, attempt_no=1)
    put_call(c, "b", **popup, attempt_no=2, disposition="no_answer", talk_s=None)
    tape = {
        "account": "tapes", "stream": "calls", "vendor": "vono", "call_date": DAY,
        "started_at": at("9:00"), "duration_s": 3600, "size_bytes": 20480, "audio_uri": "file",
    }  # fmt: skip
    put(c, "facts.recordings", **tape, recording_id="1")
    put(c, "facts.recordings", **tape, **GONE, recording_id="2")


@pytest.fixture(scope="module")
def asked(shared_warehouse: Warehouse) -> Warehouse:
    """What was read of a Tuesday, and of the IVR's Monday."""
    shared_warehouse.make_days({BEFORE, DAY})
    with shared_warehouse.transaction() as c:
        for account, vendor in VENDORS.items():
            country = "XX" if account == "two" else "PL"
            put_account(c, account=account, vendor=vendor, start_date=BEFORE, country=country)
            put_day(c, account=account, raw_records=9, facts=9)
        put_day(c, account="ivr", call_date=BEFORE, raw_records=3, facts=3, open_records=1)
        put_calls(c)
        put_others(c)
        mark_stale(c)
        mark_stale(c, BEFORE)
    refresh_marts(shared_warehouse)
    return shared_warehouse


def unread(account: str) -> tuple[Any, ...]:
    return (BEFORE, account, "not_read", None, None, "calls: not read")


def read(account: str) -> tuple[Any, ...]:
    return (DAY, account, "trusted", 9, 0, None)


def d(figure: str) -> Decimal:
    return Decimal(figure)


NINE, TEN, MARCH = time(9), time(10), date(2026, 3, 1)
QUESTIONS: dict[str, Rows] = {
    "Which days may I trust?": [
        unread("acme"), (BEFORE, "ivr", "trusted", 3, 1, None), unread("popup"), unread("tapes"),
        unread("two"), *(read(account) for account in sorted(VENDORS)),
    ],
    "What is missing, by stream?": [("ivr", "calls", "complete", None, 3, 0, 1)],
    "How busy was each half hour?": [
        (NINE, 4, 2, 2, 1, 20), (time(9, 30), 1, 1, 0, 0, 10),
        *((time(10 + n // 2, 30 * (n % 2)), 0, 0, 0, 0, None) for n in range(7)),
    ],
    "What are the answer and abandonment rates?": [
        ("acme", "inbound", 5, 5, d("0.6"), d("0.4")), ("acme", "outbound", 2, 2, d("0.5"), 0),
        ("two", "inbound", 1, 1, 1, 0), ("two", "outbound", 2, 2, d("0.5"), 0),
    ],
    "How long did callers wait, and how many were answered within 20 seconds?": [
        (DAY, "acme", "A", 4, 20, 20, 51, d("0.5")), (DAY, "acme", "B", 1, 10, 10, 10, 1),
    ],
    "Who was missed, and who was called back?": [(DAY, "acme", 2, 1, 1, 1)],
    "Who talked most, and does it agree with the vendor's own totals?": [
        ("Bea", 2, 0, 2, 5, d("0.06"), NINE, time(9, 10)),
        ("Ada", 0, 1, 0, None, None, TEN, TEN),
        ("Cyd", 1, 0, 1, None, None, time(9, 40), time(9, 40)),
        ("Eve", None, None, None, 5, None, None, None),
    ],
    "What did calls cost?": [
        ("acme", "call", "EUR", 2, 6, d("1.5")), ("two", "call", "EUR", 2, 6, None),
    ],
    "How many callbacks succeed at which attempt?": [
        (1, 2, 1, 0, 0, d("0.5")), (2, 1, 0, 1, 0, 0),
    ],
    "Where do callers leave the IVR?": [(1, "start", 2, 1, 0, 0), (2, "transfer", 1, 0, 0, 1)],
    "How much is recorded, and how much of the audio do we keep?": [
        (DAY, "tapes", 1, 1, 1, 1, 1, "20 kB"),
    ],
    "What did agents note about their calls?": [("(none yet)", 2, 100), ("Sale", 2, 110)],
    "How many agents were rung for a call?": [("acme", "EXTERNAL", "inbound", 2, 1)],
    "Who calls several of our lines?": [(1, 2, 3), (2, 1, 3)],
    "Were weekends and holidays different?": [
        ("acme", "Tue", "", 7), ("two", "Tue", "not known", 3),
    ],
    "How did each month go?": [
        (MARCH, "acme", "call", 7, 1, d("0.1"), 0, 1),
        (MARCH, "ivr", "ivr_session", 3, 1, None, 0, 0),
        (MARCH, "popup", "callback_request", 2, 0, 0, 0, 1),
        (MARCH, "two", "call", 3, 0, 0, 0, 1),
    ],
}  # fmt: skip
"""What the questions' queries give on Wednesday, of these accounts in place of the demo's."""


def test_every_question_is_answered_right(asked: Warehouse) -> None:
    mine = {"demo-conpeek-warsaw": "acme", "demo-wolkvox": "acme", "demo-evolux": "ivr"}
    answers = {}
    for question in questions():
        query = question.query
        for theirs, ours in mine.items():
            query = query.replace(f"'{theirs}'", f"'{ours}'")
        answers[question.title] = ask(asked, query)
    assert answers == QUESTIONS
