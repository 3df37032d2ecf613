"""Questions about one credential that come together."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from resources.errors import DeferredError
from resources.http.permits import Limiter
from resources.http.questions import Questions
from resources.postgres.warehouse import Warehouse
from resources.text import payload
from tests.db.permits.waiter import AT_ONCE, account


def test_who_comes_while_another_asks_is_asked_for_with_all_who_have_waited(
    warehouse: Warehouse, limiter: Limiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one statement, which decides about each as if it had come alone."""
    asked: list[int] = []
    rows, one = Warehouse.rows, account(limits={"concurrency": 2})
    credential, over = limiter.credential(one), threading.Event()

    def counting(self: Warehouse, statement: str, *args: Any, **parameters: Any) -> list[Any]:
        if statement == "limits/acquire_permits":
            asked.append(len(payload.decode(parameters["asked"].encode())))
        return rows(self, statement, *args, **parameters)

    def ask() -> int | None:
        try:
            with limiter.permit(one, "calls", "cdr_1", AT_ONCE) as permit:
                over.wait(10)
                return permit.id
        except DeferredError:
            return None

    monkeypatch.setattr(Warehouse, "rows", counting)
    with ThreadPoolExecutor(5) as pool:
        with warehouse.transaction() as connection:
            connection.execute(sa.select(sa.func.ops.lock_credential(credential)))
            asking = [pool.submit(ask)]
            _until(lambda: asked == [1])
            asking += [pool.submit(ask) for _ in range(4)]
            _until(lambda: len(limiter._questions(credential)._waiting) == 4)
        _until(lambda: asked == [1, 4])
        _until(lambda: [one.done() for one in asking].count(True) == 3)
        over.set()
    ids = [one.result() for one in asking]
    assert len(set(filter(None, ids))) == 2
    assert ids.count(None) == 3
    assert ids[0] is not None


def test_what_fails_fails_for_all_who_were_asked_for_and_for_nobody_later() -> None:
    tries: list[list[str]] = []
    begun, go_on = threading.Event(), threading.Event()

    def ask(texts: list[str]) -> list[str]:
        tries.append(texts)
        if len(tries) == 1:
            begun.set()
            go_on.wait(10)
        if len(tries) == 2:
            raise OSError("away")
        return [text.upper() for text in texts]

    questions = Questions(ask)  # type: ignore[arg-type]
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(questions.decide, "a")
        begun.wait(10)
        others = [pool.submit(questions.decide, text) for text in "bc"]
        _until(lambda: len(questions._waiting) == 2)
        go_on.set()
        assert first.result().answer == "A"
        for other in others:
            with pytest.raises(OSError, match="away"):
                other.result()
    assert sorted(tries[1]) == ["b", "c"]
    assert questions.decide("d").answer == "D"


def _until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.005)
