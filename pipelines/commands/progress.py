"""How a pass goes on: a bar on a terminal, nothing in a pipe.

Results come when a stream or a day is done, which may take many minutes where each record is a
request. In between, the ledger of requests and the queue at the limits say what goes on.
"""

import threading
from contextlib import AbstractContextManager, closing
from types import TracebackType
from typing import Self

from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from assets.loading.result import Result
from pipelines.commands import console
from pipelines.commands.sync_plan import Run
from resources.postgres.warehouse import Warehouse

LOOK_EVERY_S = 1.0


class _Bar(AbstractContextManager["_Bar"]):
    """A bar on a terminal; nothing elsewhere. `others`: columns between the bar and the time."""

    def __init__(self, *others: ProgressColumn) -> None:
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            *others,
            TimeElapsedColumn(),
            console=console.err,
            transient=True,
            disable=not console.err.is_terminal,
        )
        self._task = self._bar.add_task("Starting", total=None, figures="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()


class StepsBar(_Bar):
    """Steps of something long, each with a bar of its own."""

    def step(self, what: str, done: int, total: int) -> None:
        """So much of this step is done."""
        self._bar.update(self._task, description=what, completed=done, total=total)


class ProgressBar(_Bar):
    """A pass as it goes on."""

    def __init__(self, url: str) -> None:
        super().__init__(TextColumn("{task.fields[figures]}"))
        self._url = url
        self._over = threading.Event()
        self._results: dict[int, Result] = {}
        self._before = 0
        """Steps of the runs before the present one."""
        self._run: Run | None = None

    def __enter__(self) -> Self:
        super().__enter__()
        if not self._bar.disable:
            threading.Thread(target=self._look, name="progress", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        super().__exit__(kind, error, trace)

    def begin(self, runs: list[Run]) -> None:
        """The whole way is known."""
        self._bar.update(self._task, total=sum(run.steps for run in runs))

    def enter(self, run: Run) -> None:
        """The steps of the run before are done, also those that nothing was to be said of."""
        self._before += self._run.steps if self._run else 0
        self._run, self._results = run, {}
        self._bar.update(self._task, description=run.vendor.title, completed=self._before)

    def watch(self, result: Result) -> None:
        """A poll's step is a stream, a backfill's a day of a stream."""
        assert self._run
        self._results[id(result)] = result
        results = list(self._results.values())
        steps = sum(
            1 if self._run.is_poll else len(result.days | result.trouble.keys())
            for result in results
        )
        records = sum(f.records for result in results for f in result.loaded.by_day.values())
        self._bar.update(self._task, completed=self._before + steps, figures=f"{records:,} records")

    def _look(self) -> None:
        with closing(Warehouse(self._url, pool_size=1)) as warehouse:
            while not self._over.wait(LOOK_EVERY_S):
                if run := self._run:
                    self._bar.update(self._task, description=now_at(warehouse, run))


def now_at(warehouse: Warehouse, run: Run) -> str:
    """What a run is at: the account that it asked last, how often, and what it waits for."""
    asked = warehouse.rows("status/run_now", run=run.run_id)
    waits = warehouse.rows("status/run_waits", run=run.run_id)
    if waits and (not asked or waits[0].since > asked[0].asked_at):
        first = waits[0]
        what = f"{first.account} {first.stream}: waits for its turn ({first.reason}), "
        return f"{run.vendor.title}: {what}{max(first.wait_s, 0):.0f} s"
    if asked:
        last = asked[0]
        return f"{run.vendor.title}: {last.account} {last.stream}, request {last.requests:,}"
    return run.vendor.title
