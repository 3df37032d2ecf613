"""The figures of the queries in docs/analysts, on calls made by hand.

The metrics' usual case is in test_marts_truth.py; here are the days on which a query goes wrong.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from assets.refresh import refresh_marts
from resources.postgres.warehouse import Warehouse
from tests.analysts.questions import FOLDER
from tests.db.facts import DAY, mark_stale, put_account, put_call

BEFORE, NEXT = DAY - timedelta(days=1), DAY + timedelta(days=1)
Rows = list[tuple[Any, ...]]
Call = dict[str, Any]


def at(clock: str, day: date = DAY) -> datetime:
    """A time of Warsaw's clocks, in winter."""
    return datetime.fromisoformat(f"{day}T{clock:0>5}:00+01:00").astimezone(UTC)


def metric(name: str) -> str:
    """The query of a metric."""
    page = (FOLDER / "metrics.md").read_text(encoding="utf-8")
    [section] = re.findall(rf"^## {name}\n(.*?)^## ", page, re.DOTALL | re.MULTILINE)
    [query] = re.findall(r"```sql\n(.*?)```", section, re.DOTALL)
    return str(query)


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
