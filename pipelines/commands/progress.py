"""How a pass goes on: a bar on a terminal, nothing in a pipe."""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from assets.context import KIND_TAG, POLL
from assets.loading.result import Result
from pipelines.commands import console
from pipelines.commands.sync_plan import Run


class ProgressBar(AbstractContextManager["ProgressBar"]):
    """A pass as it goes on; on a terminal only."""

    def __init__(self) -> None:
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            console=console.err,
            transient=True,
            disable=not console.err.is_terminal,
        )
        self._task = self._bar.add_task("Starting", total=None, figures="")
        self._results: dict[int, Result] = {}
        self._before = 0
        """Steps of the runs before the present one."""
        self._run: Run | None = None

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
        is_poll = self._run.tags[KIND_TAG] == POLL
        steps = sum(
            1 if is_poll else len(result.days | result.trouble.keys()) for result in results
        )
        records = sum(f.records for result in results for f in result.tally.by_day.values())
        self._bar.update(self._task, completed=self._before + steps, figures=f"{records:,} records")
