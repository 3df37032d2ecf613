"""Two weeks of calls of several accounts, made by hand, for the report."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from assets.refresh import refresh_marts
from resources.postgres.warehouse import Warehouse
from resources.report.answers import Selection, select
from tests.db.facts import mark_stale, put, put_account, put_call, put_day

LAST = date(2026, 3, 22)
FIRST = LAST - timedelta(days=6)
BEFORE = [FIRST - timedelta(days=n) for n in range(7, 0, -1)]
DAYS = [FIRST + timedelta(days=n) for n in range(7)]
UNREAD = DAYS[2]
HOSTILE = "</script><script>hacked=1</script><img src=//evil.example onerror=hacked=1>\u202e{{7*7}}"
QUEUES = ("Sales", HOSTILE, None)
ACCOUNTS = {"acme": "Europe/Warsaw", "bogota": "America/Bogota"}
NUMBER = "+482255500"
ZONE = {name: ZoneInfo(zone) for name, zone in ACCOUNTS.items()}
MISSED = ("abandoned", "no_answer")


def put_history(c: Any) -> None:
    """Two weeks of calls of two accounts, the same at every run; bogota's vendor tells no waits."""
    chance = random.Random(14)
    for account, zone in ZONE.items():
        for day in [*BEFORE, *DAYS]:
            if (account, day) == ("bogota", UNREAD):
                continue
            for number in range(chance.randrange(4, 14)):
                _put_one(
                    c, chance, account, datetime(day.year, day.month, day.day, tzinfo=zone), number
                )


def _put_one(c: Any, chance: random.Random, account: str, midnight: datetime, number: int) -> None:
    outbound = chance.random() < 0.25
    disposition = chance.choice(
        ("answered", "no_answer", "blocked") if outbound else ("answered", "answered", "abandoned")
    )
    caller = chance.randrange(12)
    local = midnight + timedelta(hours=chance.randrange(7, 20), minutes=number)
    waits = account == "acme" and not outbound
    put_call(
        c,
        f"{account}-{midnight.date()}-{number}",
        call_date=midnight.date(),
        account=account,
        vendor="conpeek" if account == "acme" else "wolkvox",
        direction="outbound" if outbound else "inbound",
        queue_name=chance.choice(QUEUES),
        started_at=local.astimezone(UTC),
        started_local=local.replace(tzinfo=None),
        disposition=disposition,
        wait_s=chance.randrange(1, 50) if waits else None,
        talk_s=chance.randrange(5, 300) if disposition == "answered" else None,
        caller_key=f"key-{caller}" if caller else None,
        **{"to_e164" if outbound else "from_e164": f"{NUMBER}{caller:02}" if caller else None},
    )


def put_others(c: Any) -> None:
    """Records of the other grains: sessions, callback requests, recordings."""
    own = {"call_date": DAYS[1], "wait_s": None}
    session = {
        **own,
        "account": "ivr",
        "vendor": "evolux",
        "grain": "ivr_session",
        "flow_name": "Main",
    }
    for key, disposition, steps in (
        ("x", "transferred", ("start", "menu", "transfer")),
        ("y", "abandoned", ("start", "menu")),
        ("z", "ivr_contained", ("start", "menu", "hangup")),
    ):
        put_call(c, key, **session, disposition=disposition, talk_s=None)
        for position, name in enumerate(steps, 1):
            step = {
                "call_date": DAYS[1],
                "account": "ivr",
                "stream": "call_details",
                "call_id": key,
            }
            put(c, "facts.call_events", **step, position=position, task_name=name)
    request = {
        **own, "account": "popup", "vendor": "clickfono", "grain": "callback_request",
        "direction": "outbound",
    }  # fmt: skip
    for key, attempt, disposition in (
        ("a", 1, "answered"), ("b", 2, "answered"), ("c", 3, "no_answer"), ("d", 1, "blocked"),
    ):  # fmt: skip
        put_call(c, key, **request, attempt_no=attempt, disposition=disposition)


@pytest.fixture(scope="module")
def given(shared_warehouse: Warehouse) -> Warehouse:
    days = [*BEFORE, *DAYS]
    shared_warehouse.make_days(set(days))
    vendors = {"acme": "conpeek", "bogota": "wolkvox", "ivr": "evolux", "popup": "clickfono"}
    tells = {"acme": ["abandoned", "talk", "waits"], "bogota": ["abandoned", "talk"]}
    with shared_warehouse.transaction() as c:
        for account, vendor in vendors.items():
            zone = ACCOUNTS.get(account, "Europe/Warsaw")
            put_account(
                c, account=account, vendor=vendor, timezone=zone, start_date=days[0],
                tells=tells.get(account, []),
            )  # fmt: skip
            for day in days:
                if (account, day) != ("bogota", UNREAD):
                    put_day(
                        c, account=account, call_date=day, timezone=zone,
                        state="settling" if day == LAST else "complete",
                    )  # fmt: skip
        put_history(c)
        put_others(c)
        for day in days:
            mark_stale(c, day)
    assert refresh_marts(shared_warehouse) == sorted(days, reverse=True)
    return shared_warehouse


def week(given: Warehouse, *accounts: str, pii: bool = False) -> Selection:
    return select(given, (FIRST, LAST), accounts, pii)
