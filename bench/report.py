"""The tables of `docs/benchmarks.md`, between two marks, and which targets are met."""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.results import Results
from bench.scenarios import (
    CALLS,
    CHANGED,
    CROWD,
    DETAILS,
    FIRST_READ,
    FLOOR_OF,
    HANDLED,
    LATENCY_DIALOGS,
    LATENCY_MS,
)
from bench.yard import Figures

BEGIN = "<!-- make bench writes from here -->"
END = "<!-- to here -->"
OURS = ("httpx", "pandas", "psycopg", "SQLAlchemy", "orjson")
THEIRS = ("dlt", "ingestr", "pyarrow")
FIRST, AGAIN, REBUILD = (
    "Callhouse, first load",
    "Callhouse, again, nothing changed",
    "Callhouse, facts rebuilt from raw",
)
MERGE = "floor with merge"
SHAPES = (
    (f"evolux {CALLS}", FIRST_READ, f"Evolux, {CALLS:,} calls in pages of 50"),
    (f"wolkvox {HANDLED}", FIRST_READ, f"Wolkvox, {HANDLED:,} calls in one answer"),
    (f"heavy {HANDLED}", FIRST_READ, f"Wolkvox, {HANDLED:,} calls in one answer of 256 MB"),
    (f"details {DETAILS}", FIRST_READ, f"Evolux, {DETAILS:,} details one by one"),
    (f"clickfono {CALLS}", FIRST_READ, f"Clickfono, {CALLS:,} requests, a day an answer"),
    (f"clickfono {CALLS}", CHANGED, "… read again, half of them changed"),
)
"""Scenario, step, and what it is."""


def versions(peers: Path) -> dict[str, str]:
    """Of our packages and the peers'; a peer that isn't there is said to be missing."""
    known = {name: version(name) for name in OURS}
    for name in THEIRS:
        ask = f"from importlib.metadata import version; print(version({name!r}))"
        command = [str(peers), "-c", ask]
        done = (
            subprocess.run(command, capture_output=True, text=True, check=False)
            if peers.exists()
            else None
        )
        known[name] = done.stdout.strip() if done and done.returncode == 0 else "not installed"
    return known


def write(file: Path, text: str) -> None:
    """Puts the tables between the marks, or at the end of a file that has none."""
    file.parent.mkdir(exist_ok=True)
    known = file.read_text(encoding="utf-8") if file.exists() else "# Benchmarks\n"
    block = f"{BEGIN}\n{text}{END}\n"
    if BEGIN in known:
        before, _, rest = known.partition(BEGIN)
        known = before + block + rest.partition(END)[2].removeprefix("\n")
    else:
        known = f"{known.rstrip()}\n\n{block}"
    file.write_text(known, encoding="utf-8")


def tables(results: Results) -> str:
    """All of it as Markdown."""
    parts = [_targets(results)]
    parts += [_side_by_side(results, size) for size in results.sizes()]
    parts += [_alone(results), _about(results)]
    return "\n".join(part for part in parts if part)


@dataclass(frozen=True)
class Target:
    """One sentence of what was to be reached, and what was measured."""

    wanted: str
    measured: float
    limit: float
    unit: str = "times"
    at_least: bool = False

    def row(self) -> tuple[str, str, str]:
        """Its line of the table."""
        met = self.measured >= self.limit if self.at_least else self.measured <= self.limit
        digits = 0 if self.unit in ("MB", "ms", "s", "rows") else 2
        return (
            self.wanted,
            f"{self.measured:,.{digits}f} {self.unit}",
            "met" if met else "**not met**",
        )


def _targets(results: Results) -> str:
    rows = [target.row() for target in _measured_targets(results)]
    head = ("target", "measured", "")
    return f"### Targets\n\n{_table(head, rows)}" if rows else ""


def _measured_targets(results: Results) -> Iterator[Target]:
    for size in results.sizes():
        yield from _beside_peers(results.steps(f"dialogs {size}"), size)
    steps = results.steps("dialogs 200000")
    if FIRST in steps:
        ours = steps[FIRST].cpu_s
        again = steps[AGAIN]
        yield Target(
            "the same again, unchanged: at most 0.2 times the first load", again.cpu_s / ours, 0.2
        )
        yield Target("… rows written to raw and facts: none", again.rows_written, 0, "rows")
        yield Target(
            "… WAL, as a share of the first load's: next to none",
            again.wal_mb / steps[FIRST].wal_mb,
            0.05,
        )
        yield Target(
            "facts rebuilt from raw: at most 0.65 times the first load",
            steps[REBUILD].cpu_s / ours,
            0.65,
        )
    for size in (50_000, 200_000, 1_000_000):
        if FIRST in (steps := results.steps(f"dialogs {size}")):
            peak = max(steps[step].peak_mb for step in (FIRST, AGAIN, REBUILD))
            yield Target(f"peak memory at {size:,} records: under 300 MB", peak, 300, "MB")
    yield from _shapes(results)
    for figures in results.steps("idle 3000").values():
        said = figures.said
        spent = (said["polls_client_s"] + said["polls_postgres_s"]) / said["polls"]
        yield Target("a poll with nothing new, CPU: under 50 ms", spent * 1000, 50, "ms")
    for figures in results.steps(f"crowd {CROWD}").values():
        yield Target(
            "1,000 accounts polled, 200 ms away: within 300 s",
            figures.said["polls_wall_s"],
            300,
            "s",
        )
    for figures in results.steps(f"latency {LATENCY_DIALOGS}").values():
        latencies = figures.requests * LATENCY_MS / 1000
        yield Target(
            f"a backfill {LATENCY_MS} ms away, by the sum of its latencies: under 1",
            figures.wall_s / latencies,
            1,
        )


def _shapes(results: Results) -> Iterator[Target]:
    """What other vendors' answers cost beside their floors, and the memory that large ones take."""
    for scenario, step, what in SHAPES:
        steps = results.steps(scenario)
        if step in steps:
            times = steps[step].cpu_s / steps[FLOOR_OF.format(step)].cpu_s
            yield Target(f"{what}: at most 2 times its floor with merge", times, 2)
    if figures := results.steps(f"wolkvox {HANDLED}").get(FIRST_READ):
        name = f"peak memory of {HANDLED:,} records in one answer: under 250 MB"
        yield Target(name, figures.peak_mb, 250, "MB")
    if figures := results.steps(f"heavy {HANDLED}").get(FIRST_READ):
        name = "peak memory of one answer of 256 MB: under 600 MB"
        yield Target(name, figures.peak_mb, 600, "MB")


def _beside_peers(steps: Mapping[str, Figures], size: int) -> Iterator[Target]:
    """What full work costs beside the others that do it, too."""
    if FIRST not in steps:
        return
    ours = steps[FIRST].cpu_s
    yield Target(
        f"{size:,} dialogs, full work: at most 1.5 times the floor with merge",
        ours / steps[MERGE].cpu_s,
        1.5,
    )
    for name, factor in (("dlt", 3), ("ingestr", 1.5)):
        if (peer := f"{name}, equal work") in steps:
            yield Target(
                f"… at least {factor} times less than {name} for equal work",
                steps[peer].cpu_s / ours,
                factor,
                at_least=True,
            )


def _side_by_side(results: Results, size: int) -> str:
    scenario = f"dialogs {size}"
    steps = results.steps(scenario)
    ours = steps[FIRST].cpu_s
    rows = [
        (
            step,
            f"{figures.client_s:.1f}",
            f"{figures.startup_s:.1f}",
            f"{figures.postgres_s:.1f}",
            f"**{figures.cpu_s:.1f}**",
            f"{figures.cpu_s / ours:.2f}",
            f"{figures.records / figures.cpu_s:,.0f}",
            f"{figures.wall_s:.1f}",
            f"{figures.peak_mb:,.0f}",
            f"{figures.wal_mb:,.0f}",
        )
        for step, figures in steps.items()
    ]
    head = (
        "", "client CPU s", "of it start-up", "Postgres CPU s", "CPU s", "times ours",
        "rows per CPU s", "wall s", "peak MB", "WAL MB",
    )  # fmt: skip
    peers = "" if "dlt, merge" in steps else " Without the peers."
    return f"### {size:,} dialogs\n\n{_runs(results, scenario)}{peers}\n\n{_table(head, rows)}"


def _alone(results: Results) -> str:
    rows = []
    for scenario, step, what in SHAPES:
        steps = results.steps(scenario)
        if step in steps:
            rows.append(_line(what, steps[step], steps[FLOOR_OF.format(step)]))
    away = f"Conpeek, {LATENCY_DIALOGS:,} dialogs, {LATENCY_MS} ms a page"
    latency = results.steps(f"latency {LATENCY_DIALOGS}")
    rows += [_line(away, figures) for figures in latency.values()]
    head = (
        "", "requests", "client CPU s", "Postgres CPU s", "CPU s", "the floor's", "times the floor",
        "rows per CPU s", "wall s", "peak MB",
    )  # fmt: skip
    text = f"### Other loads\n\n{_table(head, rows)}" if rows else ""
    polls = []
    for scenario, what in (
        ("idle 3000", "one account, again and again"),
        (f"crowd {CROWD}", f"{CROWD:,} accounts together, 200 ms away"),
    ):
        for figures in results.steps(scenario).values():
            said = figures.said
            each = 1000 / said["polls"]
            polls.append(
                (
                    what,
                    f"{said['polls_client_s'] * each:.1f}",
                    f"{said['polls_postgres_s'] * each:.1f}",
                    f"{said['polls_wall_s']:.1f}",
                    f"{figures.peak_mb:,.0f}",
                )
            )
    if polls:
        columns = ("", "client CPU ms a poll", "Postgres CPU ms a poll", "wall s in all", "peak MB")
        text += f"\n### Polls with nothing new\n\n{_table(columns, polls)}"
    return text


def _line(what: str, figures: Figures, floor: Figures | None = None) -> tuple[str, ...]:
    return (
        what,
        f"{figures.requests:,.0f}",
        f"{figures.client_s:.1f}",
        f"{figures.postgres_s:.1f}",
        f"**{figures.cpu_s:.1f}**",
        f"{floor.cpu_s:.1f}" if floor else "",
        f"{figures.cpu_s / floor.cpu_s:.2f}" if floor else "",
        f"{figures.records / figures.cpu_s:,.0f}",
        f"{figures.wall_s:.1f}",
        f"{figures.peak_mb:,.0f}",
    )


def _runs(results: Results, scenario: str) -> str:
    runs = results.runs(scenario)
    return "One run." if runs == 1 else f"Medians of {runs} interleaved runs."


def _about(results: Results) -> str:
    lines = ["### Measured on", ""]
    for scenario in results.scenarios():
        about = results.circumstances(scenario)
        lines.append(
            f"- {_pretty(scenario)}: {about['at']}, commit {about['commit']}, "
            f"`{about['command']}`, load of the machine before it {about['load']}"
        )
    machines = {results.circumstances(name)["machine"]: None for name in results.scenarios()}
    known: dict[str, str] = {}
    for scenario in results.scenarios():
        known |= results.circumstances(scenario)["versions"]
    lines += ["", *(f"{machine}." for machine in machines), ""]
    lines.append(", ".join(f"{name} {number}" for name, number in known.items()) + ".")
    return "\n".join(lines) + "\n"


def _pretty(scenario: str) -> str:
    return re.sub(r"\d+", lambda number: f"{int(number[0]):,}", scenario)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
