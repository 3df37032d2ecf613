"""What a pass did, as a table and as JSON: a line for each account, stream and business day."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from assets.loading.result import Result
from pipelines.commands import console
from pipelines.commands.sync_plan import Skipped
from resources.postgres.warehouse import Warehouse

TROUBLED = ("failed", "stopped")
INTERRUPTED = "interrupted; what had been read is kept, and the next pass goes on"


@dataclass(frozen=True)
class Done:
    """A run that has ended. `error`: why it failed."""

    job: str
    run_id: str
    error: str | None


@dataclass(frozen=True)
class Pass:
    """What became of it all."""

    skipped: list[Skipped]
    runs: list[Done]
    results: list[Result]


@dataclass
class Line:
    """What was read of a business day of an account's stream."""

    account: str
    stream: str
    day: date | None
    """None where polls have stopped: nothing was asked."""
    requests: int = 0
    records: int = 0
    new: int = 0
    changed: int = 0
    rejected: int = 0
    state: str = "open"
    """failed, deferred, stopped, unread or kept; else how complete the day is, as in `ops.days`."""
    why: str | None = None


@dataclass
class Report:
    """A pass in the words of its user."""

    done: Pass
    lines: list[Line] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether nothing failed. What a limit put off is well."""
        return not (
            any(line.state in TROUBLED for line in self.lines)
            or any(run.error for run in self.done.runs)
            or any(skipped.stopped for skipped in self.done.skipped)
        )

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "ok": self.is_well,
            "rows": [asdict(line) for line in self.lines],
            "skipped": [asdict(skipped) for skipped in self.done.skipped],
            "runs": [asdict(run) for run in self.done.runs],
        }

    def print(self) -> None:
        """For people."""
        if self.lines:
            names = (
                "account",
                "stream",
                "day",
                "requests",
                "records",
                "new",
                "changed",
                "rejected",
                "state",
                "why",
            )
            console.table(names, ([getattr(line, name) for name in names] for line in self.lines))
            console.say(self._sum())
        for skipped in self.done.skipped:
            console.say(f"{skipped.account}: {skipped.why}", "red" if skipped.stopped else "dim")
        reasons = " ".join(line.why or "" for line in self.lines)
        for run in self.done.runs:
            if run.error and run.error not in reasons:
                console.say(f"{run.job}: {run.error}", "red")

    def _sum(self) -> str:
        figures = {
            name: sum(getattr(line, name) for line in self.lines)
            for name in ("requests", "records", "new", "changed", "rejected")
        }
        return ", ".join(f"{count:,} {name}" for name, count in figures.items())


def report(warehouse: Warehouse, done: Pass) -> Report:
    """The pass by account, stream and day."""
    lines: dict[tuple[str, str, date | None], Line] = {}
    for result in done.results:
        for line in _lines(result):
            known = lines.setdefault((line.account, line.stream, line.day), line)
            if known is not line:
                _merge(known, line)
    _add_useless_requests(warehouse, done, list(lines.values()))
    _add_days_states(warehouse, lines.values())
    ordered = sorted(lines.values(), key=lambda line: (line.account, line.stream, str(line.day)))
    return Report(done, ordered)


def _lines(result: Result) -> Iterable[Line]:
    loaded = result.loaded
    for day in loaded.by_day.keys() | result.trouble.keys() | result.days:
        figures = loaded.by_day[day]
        state, why = result.trouble.get(day, ("", None))
        yield Line(
            result.account, result.stream, day, figures.requests, figures.records,
            figures.new, figures.changed, figures.rejected, state, why,
        )  # fmt: skip
    if result.stopped and not result.trouble:
        yield Line(result.account, result.stream, None, state="stopped", why=result.error)


def _merge(line: Line, other: Line) -> None:
    for name in ("requests", "records", "new", "changed", "rejected"):
        setattr(line, name, getattr(line, name) + getattr(other, name))
    if other.why:
        line.state, line.why = other.state, other.why


def _add_useless_requests(warehouse: Warehouse, done: Pass, lines: list[Line]) -> None:
    """The ledger knows of repeats and failures, too.

    They count for the day that had trouble, or else for the newest.
    """
    made = warehouse.rows(
        "status/requests_of_runs",
        runs=[run.run_id for run in done.runs],
        accounts=sorted({line.account for line in lines}),
    )
    for row in made:
        mine = [line for line in lines if (line.account, line.stream) == (row.account, row.stream)]
        if mine:
            last = max(mine, key=lambda line: (line.state in TROUBLED, str(line.day)))
            last.requests += row.requests - sum(line.requests for line in mine)


def _add_days_states(warehouse: Warehouse, lines: Iterable[Line]) -> None:
    """What had no trouble is as complete as `ops.days` says."""
    rows = warehouse.rows(
        "status/loaded_days",
        accounts=sorted({line.account for line in lines}),
        days=sorted({line.day for line in lines if line.day}),
    )
    known = {(row.account, row.stream, row.call_date): row for row in rows}
    for line in lines:
        if not line.state:
            row = known.get((line.account, line.stream, line.day))
            line.state, line.why = (row.state, row.note) if row else ("open", None)
