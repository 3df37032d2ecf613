"""Figures of many runs, kept in a file so that a scenario can be measured again by itself."""

import json
from collections import defaultdict
from dataclasses import asdict, fields, replace
from pathlib import Path
from statistics import median
from typing import Any

from bench.scenarios import Steps
from bench.yard import Figures

NUMBERS = [field.name for field in fields(Figures) if field.name != "said"]


class Results:
    """By scenario (such as `dialogs 200000`), by step, the figures of each run."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}

    def measure(self, scenario: str, steps: Steps, circumstances: dict[str, Any]) -> None:
        """Takes all the steps; what was known of the scenario is replaced when they are done."""
        runs: dict[str, list[Figures]] = defaultdict(list)
        for step, figures in steps:
            runs[step].append(figures)
            print(
                f"{scenario:16} {step:36} {figures.cpu_s:7.2f} CPU s {figures.wall_s:7.1f} s"
                f" {figures.peak_mb:6.0f} MB",
                flush=True,
            )
        told = {step: [asdict(figures) for figures in many] for step, many in runs.items()}
        self._known[scenario] = {"steps": told, "circumstances": circumstances}
        self._file.write_text(json.dumps(self._known, indent=1))

    def scenarios(self) -> list[str]:
        """The names of those measured."""
        return list(self._known)

    def sizes(self) -> list[int]:
        """The numbers of dialogs that were measured side by side."""
        return sorted(int(name.split()[1]) for name in self._known if name.startswith("dialogs "))

    def circumstances(self, scenario: str) -> dict[str, Any]:
        """When and on what it was measured."""
        told: dict[str, Any] = self._known[scenario]["circumstances"]
        return told

    def runs(self, scenario: str) -> int:
        """How many runs the medians are of."""
        return max(len(many) for many in self._known[scenario]["steps"].values())

    def steps(self, scenario: str) -> dict[str, Figures]:
        """The median of each figure, by step; nothing where the scenario wasn't measured."""
        known = self._known.get(scenario, {"steps": {}})
        return {
            step: _medians([Figures(**one) for one in many])
            for step, many in known["steps"].items()
        }


def _medians(runs: list[Figures]) -> Figures:
    middle = {name: median(getattr(run, name) for run in runs) for name in NUMBERS}
    said = {name: median(run.said[name] for run in runs) for name in runs[0].said}
    return replace(runs[0], **middle, said=said)
