"""Marts refreshed for the accounts whose facts changed: what a refresh of the whole day makes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from assets.refresh import refresh_days, refresh_marts, stale_days, tables
from resources.postgres.warehouse import Warehouse, execute
from tests.db.facts import DAY, mark_stale, put, put_call, put_day, query

NEXT = DAY + timedelta(days=1)
ACCOUNTS = ("acme", "bravo", "core")
CALLS = range(4)
VALUES: dict[str, list[Any]] = {
    "talk_s": [None, 0, 7.5, 300],
    "wait_s": [None, 3, 45],
    "disposition": ["answered", "abandoned", "no_answer", "blocked"],
    "queue_name": [None, "Sales", "Support"],
    "agent_name": [None, "Ada", "Bo"],
    "caller_key": [None, "x", "y"],
    "cost": [None, 2, 9],
    "missing_since": [None, datetime(2026, 4, 1, tzinfo=UTC)],
    "direction": ["inbound", "outbound"],
    "grain": ["call", "callback_request", "ivr_session"],
    "attempt_no": [None, 1, 2],
}
CHANGES = st.sampled_from([(name, value) for name, values in VALUES.items() for value in values])
STEPS = st.tuples(
    st.sampled_from(["put", "change", "change", "move", "delete", "refresh"]),
    st.sampled_from(ACCOUNTS),
    st.sampled_from(CALLS),
    CHANGES,
)


def take(connection: Connection, step: str, account: str, call: int, change: Any) -> None:
    """One change of facts, and the mark that whoever makes it leaves in the same transaction."""
    where = {"account": account, "call_id": str(call)}
    is_call = "account = :account AND call_id = :call_id"
    days = set(
        connection.scalars(sa.text(f"SELECT call_date FROM facts.calls WHERE {is_call}"), where)
    )
    name, value = change
    if step == "put" and not days:
        put_call(connection, str(call), account=account, **{name: value})
        days = {DAY}
    elif step == "change":
        set_ = sa.text(f"UPDATE facts.calls SET {name} = :value WHERE {is_call}")
        connection.execute(set_, where | {"value": value})
    elif step == "move" and days:
        [day] = days
        by = timedelta(days=1 if day == DAY else -1)
        moved = (
            "UPDATE facts.calls SET call_date = :day, started_at = started_at + :by,"
            f" started_local = started_local + :by WHERE {is_call}"
        )
        connection.execute(sa.text(moved), where | {"day": day + by, "by": by})
        days = {DAY, NEXT}
    elif step == "delete":
        connection.execute(sa.text(f"DELETE FROM facts.calls WHERE {is_call}"), where)
    if days:
        execute(connection, "load/mark_stale", account=account, days=sorted(days))


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEPS, min_size=4, max_size=16))
def test_whatever_changed(warehouse: Warehouse, steps: list[Any]) -> None:
    warehouse.make_days({DAY, NEXT})
    marts = ", ".join(mart.qualified for mart in tables().values())
    with warehouse.transaction() as c:
        c.execute(sa.text(f"TRUNCATE facts.calls, ops.stale_days, {marts}"))
        for account in ACCOUNTS:
            put_call(c, "0", account=account)
            put_call(c, "1", account=account, call_date=NEXT)
            execute(c, "load/mark_stale", account=account, days=[DAY, NEXT])
    for step, account, call, change in steps:
        if step == "refresh":
            refresh_marts(warehouse)
        else:
            with warehouse.transaction() as c:
                take(c, step, account, call, change)
    refresh_marts(warehouse)
    whole = list(refresh_days(warehouse, [DAY, NEXT], always=True))
    assert [(day, mart.mart) for day, done in whole for mart in done if mart.written] == []
    assert query(warehouse, "SELECT count(*) FROM ops.stale_days") == [(0,)]


def test_only_the_accounts_that_changed_are_computed(warehouse: Warehouse) -> None:
    warehouse.make_days({DAY})
    with warehouse.transaction() as c:
        for account in ACCOUNTS:
            put_call(c, "0", account=account)
            execute(c, "load/mark_stale", account=account, days=[DAY])
    refresh_marts(warehouse)
    spoiled = "UPDATE marts.calls_by_day SET talk_s = 1 WHERE account <> :account"
    with warehouse.transaction() as c:
        c.execute(sa.text(spoiled), {"account": "acme"})
        put_call(c, "1", account="acme")
        execute(c, "load/mark_stale", account="acme", days=[DAY])
    [(_, done)] = refresh_days(warehouse, stale_days(warehouse))
    assert {mart.mart: (mart.rows, mart.written) for mart in done}["calls_by_day"] == (3, 2)
    talk = "SELECT account, talk_s FROM marts.calls_by_day ORDER BY 1"
    assert query(warehouse, talk) == [("acme", 200), ("bravo", 1), ("core", 1)], "as they were"
    with warehouse.transaction() as c:
        execute(c, "load/mark_stale", account="acme", days=[DAY])
        mark_stale(c)  # of an older version, which doesn't say whose
        put(c, "ops.stale_days", call_date=DAY, account="bravo", mart="calls_by_hour")
    refresh_marts(warehouse)
    assert query(warehouse, talk) == [("acme", 200), ("bravo", 100), ("core", 100)]


def test_an_account_is_computed_beside_one_whose_facts_are_gone_for_their_age(
    warehouse: Warehouse,
) -> None:
    """A new account's history, or another's backfill, of a day that only the first had then."""
    warehouse.make_days({DAY})
    with warehouse.transaction() as c:
        put_day(c, account="acme")
        put_call(c, "0", account="acme")
        mark_stale(c)
    refresh_marts(warehouse)
    warehouse.run("maintenance/expire_day", day=DAY, streams=[])
    with warehouse.transaction() as c:
        c.exec_driver_sql("DELETE FROM facts.calls")
        put_day(c, account="bravo")
    calls = "SELECT account, sum(calls) FROM marts.calls_by_hour GROUP BY 1 ORDER BY 1"
    for number, account in enumerate(("acme", "bravo", None)):
        with warehouse.transaction() as c:
            put_call(c, str(number), account="bravo")
            put(c, "ops.stale_days", call_date=DAY, account=account)
        refresh_marts(warehouse)
        assert query(warehouse, calls) == [("acme", 1), ("bravo", number + 1)][: number + 1]
    list(refresh_days(warehouse, [DAY], always=True))
    assert query(warehouse, calls) == [("acme", 1), ("bravo", 3)]
    warehouse.run("maintenance/expire_day", day=DAY, streams=[])
    assert list(refresh_days(warehouse, [DAY], always=True)) == []
