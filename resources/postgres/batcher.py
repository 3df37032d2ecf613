"""What several threads ask at the same time, in one round trip."""

import threading
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
        self._waiting: list[tuple[Q, Future[A]]] = []
        self._is_asking = False
        self._changed = threading.Condition()

    def answer(self, question: Q) -> A:
        """The answer to this question, as soon as it is there."""
        future: Future[A] = Future()
        if asked := self._wait(question, future):
            self._ask_for(asked)
        return future.result()

    def _wait(self, question: Q, future: Future[A]) -> list[tuple[Q, Future[A]]]:
        """Waits for the answer, or for the turn to ask: then for these."""
        with self._changed:
            self._waiting.append((question, future))
            try:
                self._changed.wait_for(lambda: future.done() or not self._is_asking)
            except BaseException:  # who was interrupted wants no answer any more
                self._waiting = [other for other in self._waiting if other[1] is not future]
                raise
            if future.done():
                return []
            self._is_asking = True
            asked, self._waiting = self._waiting, []
            return asked

    def _ask_for(self, asked: list[tuple[Q, Future[A]]]) -> None:
        try:
            answers = self._ask([question for question, _ in asked])
            answered = list(zip(asked, answers, strict=True))
        except BaseException as error:
            for _, future in asked:
                future.set_exception(error)
            raise
        else:
            for (_, future), answer in answered:
                future.set_result(answer)
        finally:
            with self._changed:
                self._is_asking = False
                self._changed.notify_all()
