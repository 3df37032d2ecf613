"""Several threads of one process that ask for the same credential at the same time."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest
import sqlalchemy as sa

from resources.account import Account
from resources.errors import DeferredError
from resources.http.permits import Limiter
from resources.postgres.batcher import Batcher
from resources.postgres.warehouse import Warehouse
from tests.db.permits.test_ledger import query
from tests.db.permits.waiter import AT_ONCE, InterruptedByTest, account, round_trips
from tests.waiting import wait_until

OTHERS = 4


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1 + OTHERS) as threads:
        yield threads


def ask_together(
    limiter: Limiter, asked: Account, threads: ThreadPoolExecutor, warehouse: Warehouse
) -> list[Future[int]]:
    """One waits for the credential's lock; the others ask meanwhile. Each that gets a permit keeps
    it until all have an answer.
    """
    answered = Barrier(1 + OTHERS)

    def ask() -> int:
        try:
            with limiter.permit(asked, "calls", "cdr_1", AT_ONCE) as permit:
                answered.wait(10)
                return permit.id
        except DeferredError:
            answered.wait(10)
            raise

    credential = limiter.credential(asked)
    with warehouse.transaction() as holder:
        holder.execute(sa.select(sa.func.ops.lock_credential(credential)))
        futures = [threads.submit(ask)]
        asking = limiter._asking[credential]
        wait_until(lambda: asking._is_asking, 10)
        futures += [threads.submit(ask) for _ in range(OTHERS)]
        wait_until(lambda: len(asking._waiting) == OTHERS, 10)
    return futures


def test_what_is_asked_meanwhile_goes_in_one_round_trip(
    warehouse: Warehouse, lonely: Warehouse, threads: ThreadPoolExecutor, tmp_path: Path
) -> None:
    """Five permits: two round trips, and one each to give them back."""
    limiter, asked = Limiter(lonely), account(limits={"concurrency": 5})
    limiter.credential(asked)
    with round_trips(lonely, tmp_path) as counted:
        futures = ask_together(limiter, asked, threads, warehouse)
        permits = {future.result() for future in futures}
    limiter.close()
    assert counted == [2 + 1 + OTHERS]
    assert query(warehouse, "SELECT id FROM ops.requests ORDER BY id") == [
        (permit,) for permit in sorted(permits)
    ]


def test_limits_hold_among_those_who_ask_together(
    warehouse: Warehouse, limiter: Limiter, threads: ThreadPoolExecutor
) -> None:
    asked = account(limits={"concurrency": 3})
    futures = ask_together(limiter, asked, threads, warehouse)
    refused = [future.exception() for future in futures if future.exception()]
    assert [type(error) for error in refused] == [DeferredError] * 2
    assert query(warehouse, "SELECT count(*) FROM ops.requests") == [(3,)]


class FirstWaits:
    """Answers in capitals: the first questions once they `go_on`, the second ones not at all."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.begun, self.goes_on = Event(), Event()

    def __call__(self, questions: list[str]) -> list[str]:
        self.asked.append(sorted(questions))
        if len(self.asked) == 1:
            self.begun.set()
            assert self.goes_on.wait(10)
        if len(self.asked) == 2:
            raise ValueError("no answer")
        return [question.upper() for question in questions]


@pytest.mark.usefixtures("_interruptible")
def test_an_error_is_raised_by_all_who_asked_together_and_by_nobody_later(
    threads: ThreadPoolExecutor,
) -> None:
    """Who was interrupted while it waited isn't asked for."""
    ask = FirstWaits()
    batcher = Batcher(ask)
    first = threads.submit(batcher.answer, "a")
    assert ask.begun.wait(10)
    others = [threads.submit(batcher.answer, name) for name in "bc"]
    wait_until(lambda: len(batcher._waiting) == 2, 10)

    def interrupt() -> None:
        wait_until(lambda: len(batcher._waiting) == 3, 10)
        os.kill(os.getpid(), signal.SIGUSR1)

    threads.submit(interrupt)
    with pytest.raises(InterruptedByTest):
        batcher.answer("left")
    ask.goes_on.set()
    assert first.result(10) == "A"
    assert [str(other.exception(10)) for other in others] == ["no answer"] * 2
    assert batcher.answer("d") == "D"
    assert ask.asked == [["a"], ["b", "c"], ["d"]]


def test_who_has_an_answer_does_not_wait_for_those_who_ask_next(
    threads: ThreadPoolExecutor,
) -> None:
    """A permit that is granted is used at once."""
    asked: list[list[str]] = []
    goes_on = Event()

    def ask(questions: list[str]) -> list[str]:
        asked.append(questions)
        if "last" in questions:
            assert goes_on.wait(20)
        else:
            wait_until(lambda: len(batcher._waiting) == 3 - len(asked), 10)
        return questions

    batcher = Batcher(ask)
    first = threads.submit(batcher.answer, "first")
    wait_until(lambda: len(asked) == 1, 10)
    two = [threads.submit(batcher.answer, name) for name in ("second", "third")]
    wait_until(lambda: len(asked) == 2, 10)
    last = threads.submit(batcher.answer, "last")
    wait_until(lambda: len(asked) == 3, 10)
    assert [future.result(10) for future in (first, *two)] == ["first", "second", "third"]
    assert not last.done()
    goes_on.set()
    assert last.result(10) == "last"
