"""What is stored of requests and credentials."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from resources.errors import DeferredError
from resources.http.permits import Limiter
from resources.postgres.warehouse import Warehouse, execute
from resources.text import payload
from tests.db.permits.waiter import AT_ONCE, BEHIND, NOON, Clock, Waiter, account, round_trips


def query(warehouse: Warehouse, text: str) -> list[tuple[Any, ...]]:
    with warehouse.transaction() as connection:
        result = connection.execute(sa.text(text))
        return [tuple(row) for row in result] if result.returns_rows else []


def test_credentials_are_stored_as_keyed_hashes_only(
    clock: Clock, warehouse: Warehouse, limiter: Limiter
) -> None:
    first, twin = account(token="s3cr3t-canary"), account("twin", token="s3cr3t-canary")
    assert limiter.credential(first) == limiter.credential(twin)
    assert limiter.credential(first) != limiter.credential(account(token="another"))
    with limiter.permit(first, "calls", "cdr_1", AT_ONCE):
        with pytest.raises(DeferredError), limiter.permit(twin, "calls", "cdr_1", AT_ONCE):
            pass
        tables = query(warehouse, "SELECT tablename FROM pg_tables WHERE schemaname = 'ops'")
        text = "".join(str(query(warehouse, f"SELECT * FROM ops.{name}")) for (name,) in tables)
    assert limiter.credential(first) in text
    assert "canary" not in text
    query(warehouse, "UPDATE ops.settings SET value = 'another key'")
    assert Limiter(warehouse).credential(first) != limiter.credential(first)


def test_the_ledger_has_every_request(clock: Clock, warehouse: Warehouse, limiter: Limiter) -> None:
    with limiter.permit(account(), "calls", "cdr_1", BEHIND) as permit:
        permit.outcome.status, permit.outcome.records = 200, 5
    assert query(
        warehouse,
        "SELECT id, account, stream, report, backfill, requested_at, status, records, run_id"
        "  FROM ops.requests",
    ) == [(permit.id, "acme", "calls", "cdr_1", True, NOON, 200, 5, "a-run")]


def ask(limiter: Limiter, *records: int | None) -> None:
    """A request for each; None: it fails."""
    limiter.credential(account())
    for number in records:
        with limiter.permit(account(), "calls", "cdr_1", AT_ONCE) as permit:
            permit.outcome.records = number
            permit.outcome.error = None if number is not None else "failed"


def test_a_permit_costs_two_round_trips(lonely: Warehouse, tmp_path: Path) -> None:
    """One to acquire it, one to release it: no transaction around them, no ping before."""
    limiter = Limiter(lonely)
    ask(limiter)
    with round_trips(lonely, tmp_path) as counted:
        ask(limiter, 50)
    limiter.close()
    assert counted == [2]


@pytest.mark.parametrize(
    ("records", "trips"),
    [([50] * 8, 8 + 1), ([500] * 3, 3 + 1), ([0, 1], 3), ([501] * 3, 2 * 3), ([None] * 3, 2 * 3)],
)
def test_permits_in_a_row_cost_one_round_trip_each(
    lonely: Warehouse, tmp_path: Path, records: list[int | None], trips: int
) -> None:
    """And one at the end. With one request at once, each finds the one before it released; what
    takes longer to look at, or fails, is released as soon as it is over.
    """
    limiter = Limiter(lonely)
    ask(limiter)
    with round_trips(lonely, tmp_path) as counted, limiter.in_a_row():
        ask(limiter, *records)
        held = query(lonely, "SELECT count(*) FROM ops.permits WHERE reached_at IS NULL")
        assert held == [(int(records[0] in (0, 50, 500)),)]
        limiter.let_go()
        assert query(lonely, "SELECT records FROM ops.requests ORDER BY id") == [
            (number,) for number in records
        ]
    limiter.close()
    assert counted == [trips]


SCANS = """
SELECT sum(seq_scan + coalesce(idx_scan, 0)) FROM pg_stat_xact_user_tables WHERE schemaname = 'ops'
"""


def test_a_permit_that_needs_no_waiting_looks_into_its_tables_few_times(
    warehouse: Warehouse,
) -> None:
    """Each look is a statement in the database, and most of what a permit costs there."""
    waiter = Waiter(warehouse, account(limits={"concurrency": 4, "daily_requests": 1_000}))
    waiter.release(waiter.look().permit)
    with warehouse.transaction() as connection:
        before = connection.scalar(sa.text(SCANS))
        asked = payload.encode(waiter.asked).decode()
        permit = execute(connection, "limits/acquire_permits", asked=f"[{asked}]")[0].permit
        execute(connection, "limits/release_permit", done=waiter.told(permit))
        assert connection.scalar(sa.text(SCANS)) - before <= 10


def test_permits_that_were_given_back_leave_their_room_to_others(warehouse: Warehouse) -> None:
    """Every question looks through all of it. Half full, pages weren't used again: 17 were left.

    What a transaction might see stays, even if it is of another database, as a neighbouring test's:
    hence more than one try.
    """
    waiter = Waiter(warehouse, account())

    def pages_after_400_requests() -> int:
        query(warehouse, "TRUNCATE ops.permits")
        assert all(waiter.ask() for _ in range(400))
        ((pages,),) = query(warehouse, "SELECT pg_relation_size('ops.permits') / 8192")
        return int(pages)

    assert any(pages_after_400_requests() <= 5 for _ in range(40))


READ = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'permits_by_credential'"


def test_permits_that_are_over_are_passed_once(lonely: Warehouse) -> None:
    """By another scan each look passes all since the last vacuum: 100 of them 5,000. More than one
    try, as above.
    """

    def entries() -> int:
        with lonely.autocommit.connect() as connection:
            connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
            return int(connection.exec_driver_sql(READ).scalar_one())

    def entries_that_100_requests_pass() -> int:
        query(lonely, "TRUNCATE ops.permits")
        before, waiter = entries(), Waiter(lonely, account())
        assert all(waiter.ask() for _ in range(100))
        return entries() - before

    assert any(0 < entries_that_100_requests_pass() <= 1_500 for _ in range(40))


def test_what_a_crash_of_the_server_may_undo(warehouse: Warehouse) -> None:
    """That a permit was given back, which errs on the safe side; no grant, and no pause that a
    vendor asked for.
    """
    waiter = Waiter(warehouse, account())
    for hold_s, kept in ((None, "off"), (5.0, "on")):
        with warehouse.transaction() as connection:
            asked = payload.encode(waiter.asked).decode()
            permit = execute(connection, "limits/acquire_permits", asked=f"[{asked}]")[0].permit
            assert connection.scalar(sa.text("SHOW synchronous_commit")) == "on"
        with warehouse.transaction() as connection:
            done = waiter.told(permit, hold_s=hold_s)
            execute(connection, "limits/release_permit", done=done)
            assert connection.scalar(sa.text("SHOW synchronous_commit")) == kept
    with warehouse.transaction() as connection:
        done = payload.decode(waiter.told(permit).encode())
        asked = payload.encode(waiter.asked | {"done": done}).decode()
        execute(connection, "limits/acquire_permits", asked=f"[{asked}]")
        assert connection.scalar(sa.text("SHOW synchronous_commit")) == "on"


def test_the_limiter_refuses_a_transaction_that_cannot_see_what_was_granted(
    warehouse: Warehouse,
) -> None:
    isolated = warehouse.engine.execution_options(isolation_level="REPEATABLE READ")
    with isolated.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="READ COMMITTED"):
        connection.execute(sa.text("SELECT ops.lock_credential('any')"))
