"""Whatever disturbs the question for a permit, nothing is lost by it."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
import sqlalchemy as sa

from resources.http.permits import Limiter
from resources.postgres.warehouse import Warehouse
from tests.db.permits.waiter import AT_ONCE, InterruptedByTest, account

Disturb = Callable[[psycopg.Connection], object]
WAITS = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def cancel(admin: psycopg.Connection) -> None:
    admin.execute(f"SELECT pg_cancel_backend(pid) FROM ({WAITS}) AS waiting".encode())


def interrupt(_: psycopg.Connection) -> None:
    os.kill(os.getpid(), signal.SIGUSR1)


@contextmanager
def disturbed(warehouse: Warehouse, credential: str, disturb: Disturb) -> Iterator[None]:
    """In the block, who asks for the credential's permits waits for a lock, and is disturbed."""

    def look() -> None:
        url = warehouse.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as admin:
            while not admin.execute(WAITS.encode()).fetchall():
                time.sleep(0.02)
            disturb(admin)

    thread = threading.Thread(target=look)
    with warehouse.transaction() as holder:
        holder.execute(sa.select(sa.func.ops.lock_credential(credential)))
        thread.start()
        yield
        thread.join()


@pytest.mark.usefixtures("_interruptible")
@pytest.mark.parametrize(
    ("disturb", "error"), [(cancel, sa.exc.OperationalError), (interrupt, InterruptedByTest)]
)
def test_what_is_told_with_the_question_for_the_next_permit_is_told_all_the_same(
    warehouse: Warehouse, limiter: Limiter, disturb: Disturb, error: type[BaseException]
) -> None:
    """And the connection isn't kept that was disturbed."""
    with limiter.in_a_row():
        with limiter.permit(account(), "calls", "cdr_1", AT_ONCE) as permit:
            permit.outcome.records = 5
        with (
            disturbed(warehouse, limiter.credential(account()), disturb),
            pytest.raises(error),
            limiter.permit(account(), "calls", "cdr_1", AT_ONCE),
        ):
            pass
    assert warehouse.autocommit.pool.checkedout() == 0  # type: ignore[attr-defined]
    with warehouse.transaction() as connection:
        ledger = connection.execute(sa.text("SELECT records, error FROM ops.requests"))
        assert [tuple(row) for row in ledger] == [(5, None)]
