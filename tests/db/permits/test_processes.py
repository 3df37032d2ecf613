"""Permits over processes, and what is said before a backfill begins."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from assets.loading.account_stream import AccountStream
from assets.loading.backfill_progress import BackfillProgress, turn_s
from assets.loading.context import LoadContext
from resources.configuration.home import CHECKOUT
from resources.errors import DeferredError
from resources.http.permits import Limiter, Patience, Wait
from resources.postgres.warehouse import Warehouse
from resources.text import payload
from resources.vendors import discover
from tests.db.permits.waiter import NOON, Clock, Waiter, account


def query(warehouse: Warehouse, text: str) -> list[tuple[Any, ...]]:
    with warehouse.transaction() as connection:
        result = connection.execute(sa.text(text))
        return [tuple(row) for row in result] if result.returns_rows else []


HOLD = """
import sys, time
from datetime import timedelta
from resources.http.permits import Limiter
from resources.postgres.warehouse import Warehouse
from tests.db.permits.waiter import AT_ONCE, account
limiter = Limiter(Warehouse(sys.argv[1]), "killed", lease=timedelta(seconds=1.5))
with limiter.permit(account(), "calls", "cdr_1", AT_ONCE):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def hold(warehouse: Warehouse) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts a process that holds the permit until its input ends."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        url = warehouse.url.render_as_string(hide_password=False)
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
        )
        started.append(process)
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_one_process_waits_for_another_and_not_for_a_killed_one(
    warehouse: Warehouse, limiter: Limiter, hold: Callable[[], subprocess.Popen[str]]
) -> None:
    """The holder renews its lease for as long as it lives; killed, it is free within a lease."""
    process = hold()
    patient = Patience(backfill=False, longest=timedelta(seconds=2), returns=False)
    with (
        pytest.raises(DeferredError, match="so many requests at once"),
        limiter.permit(account(), "calls", "cdr_1", patient),
    ):
        pass
    process.kill()
    began = time.monotonic()
    patient = Patience(backfill=False, longest=timedelta(seconds=10), returns=False)
    with limiter.permit(account(), "calls", "cdr_1", patient):
        assert time.monotonic() - began < 4
    assert query(warehouse, "SELECT run_id, error FROM ops.requests ORDER BY id") == [
        ("killed", "the worker was lost before the answer came"),
        ("a-run", None),
    ]


def test_whoever_does_not_say_all_is_refused(warehouse: Warehouse) -> None:
    """A limit that isn't there would be none."""
    asked = Waiter(warehouse, account("alone")).asked
    for name in asked:
        rest = payload.encode({key: asked[key] for key in asked if key != name}).decode()
        with pytest.raises(sa.exc.DBAPIError, match=f"not said: {{{name}}}"):
            warehouse.rows("limits/acquire_permits", asked=f"[{rest}]")


@pytest.mark.parametrize(
    ("poll_every_s", "turn"),
    [
        pytest.param(300, 900, marks=pytest.mark.long),
        pytest.param(600, 600, marks=pytest.mark.long),
        (900, 450),
    ],
)
def test_a_backfill_takes_about_as_long_as_is_said_before_it_begins(
    warehouse: Warehouse, poll_every_s: int, turn: float
) -> None:
    """Eight days, a request each, beside polls that take their turns; hours go by in seconds."""
    days = [date(2026, 2, day) for day in range(1, 9)]
    spaced = account(limits={"min_interval_s": 300}, poll_every=timedelta(seconds=poll_every_s))
    stream = discover()["wolkvox"].stream("agent_usage")
    clock, began = Clock(warehouse), NOON
    assert turn_s(spaced) == pytest.approx(turn)
    backfill = Waiter(warehouse, spaced, "agent_usage", backfill=True)
    told: list[datetime] = []
    pace = BackfillProgress(LoadContext(warehouse, warehouse.now))
    with pace.follow(AccountStream(spaced, stream), days, len(days)) as done:
        asked, next_poll = 0, 0.0
        poll: Waiter | None = None
        while asked < len(days):
            elapsed = (clock.at - began).total_seconds()
            if poll is None and elapsed >= next_poll - 30:  # as early as schedules are
                poll = Waiter(warehouse, spaced, "agent_usage")
            if poll and poll.ask():
                poll, next_poll = None, elapsed + poll_every_s
            if backfill.ask():
                asked += 1
                done(1)
            if asked < len(days):
                pace.waits(Wait(spaced, stream.name, "cdr_2", "spacing", clock.at))
                (row,) = warehouse.rows("status/backfills")
                assert row.days_read == row.requests == asked
                told.append(row.expected_at)
            clock.move(10)
    took = clock.at - began
    for end in told:
        assert abs(end - clock.at) < 0.25 * took + timedelta(seconds=turn)
    assert len(set(told)) > 5
