"""What several threads ask at the same time, in one round trip."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Batcher(Generic[Q, A]):
    """Asks for all threads of the process, once at a time: what is asked meanwhile goes together
    with the next question.

    `ask` answers several questions, in their order. What it raises, everybody whose question was
    among them raises.
    """

    def __init__(self, ask: Callable[[list[Q]], Sequence[A]]) -> None:
        self._ask = ask
        self._waiting: deque[tuple[Q, Future[A]]] = deque()
        self._turn = threading.Lock()

    def answer(self, question: Q) -> A:
        """The answer to this question."""
        future: Future[A] = Future()
        self._waiting.append((question, future))
        try:
            with self._turn:
                if not future.done():
                    self._ask_waiting()
        finally:
            future.cancel()  # who was interrupted while it waited wants no answer any more
        return future.result()

    def _ask_waiting(self) -> None:
        waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
        taken = [(q, future) for q, future in waiting if future.set_running_or_notify_cancel()]
        try:
            answers = self._ask([question for question, _ in taken])
        except BaseException as error:
            for _, future in taken:
                future.set_exception(error)
            raise
        for (_, future), answer in zip(taken, answers, strict=True):
            future.set_result(answer)
