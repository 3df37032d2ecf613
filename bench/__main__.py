"""`python -m bench`: measures, prints, and writes the tables of `docs/benchmarks.md`."""

import argparse
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from bench import report
from bench.results import Results
from bench.scenarios import ALONE, dialogs
from bench.yard import PEERS, Yard
from resources.configuration.home import CHECKOUT

FOLDER = CHECKOUT / ".callhouse" / "bench"
SIZES = (50_000, 200_000)
MILLION = 1_000_000


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what the command line asks for."""
    options = _parser().parse_args(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    results = Results(FOLDER / "results.json")
    if not options.report:
        _measure(options, results)
    text = report.tables(results)
    print(text)
    report.write(CHECKOUT / "docs" / "benchmarks.md", text)


def _measure(options: argparse.Namespace, results: Results) -> None:
    sizes = dict.fromkeys(options.sizes, options.runs)
    if options.full:
        sizes.setdefault(MILLION, 1)
    with Yard(FOLDER, autovacuum=False) as yard:
        about = _circumstances(yard)
        if "dialogs" in options.only:
            for size, runs in sizes.items():
                steps = dialogs(yard, size, runs, peers=not options.no_peers)
                results.measure(f"dialogs {size}", steps, about)
        for name, (scenario, size) in ALONE.items():
            if name in options.only:
                results.measure(f"{name} {size}", scenario(yard, size, options.runs), about)


def _circumstances(yard: Yard) -> dict[str, Any]:
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    return {
        "command": shlex.join(["python", "-m", "bench", *sys.argv[1:]]),
        "at": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": commit or "unknown",
        "load": round(psutil.getloadavg()[0], 1),
        "machine": _machine(),
        "versions": {"Postgres": yard.postgres_version, **report.versions(PEERS)},
    }


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{psutil.cpu_count()} cores ({_processor()}), {memory:.0f} GB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add("--sizes", type=int, nargs="+", default=list(SIZES), help="numbers of dialogs")
    add("--runs", type=int, default=3, help="interleaved runs; the tables show medians")
    add("--full", action="store_true", help="a million dialogs as well, run once")
    names = ("dialogs", *ALONE)
    add("--only", nargs="+", choices=names, default=names, help="these scenarios alone")
    add("--no-peers", action="store_true", help="our own contenders alone")
    add("--report", action="store_true", help="measure nothing, write the tables anew")
    return parser


if __name__ == "__main__":
    main()
