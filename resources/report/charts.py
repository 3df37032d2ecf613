"""The report's charts, as they are described in `sql/report/<number>_<name>/`."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sql

FOLDER = sql.FOLDER / "report"
_MART = re.compile(r"\bmarts\.([a-z_0-9]+)")
TABLE = "table"
"""Instead of a spec: the rows themselves are what is shown."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart. Its query takes `:first`, `:last` (business days), `:accounts` (names) and `:pii`.

    `title` and `says` are what stands above it; `empty`, what stands there where it has no rows.
    `spec`: Vega-Lite, without data and width, its colours by their names in page.css (`$accent`);
    None: a table.
    """

    name: str
    title: str
    says: str
    empty: str
    statement: str
    """The query's name, for `sql.read`."""
    spec: Mapping[str, Any] | None


@cache
def charts() -> tuple[Chart, ...]:
    """In the order of their folders. Raises KeyError where a description lacks a key."""
    return tuple(_read(folder.name) for folder in sorted(FOLDER.iterdir()) if folder.is_dir())


def marts_read() -> set[str]:
    """The marts that the report's queries name."""
    statements = [*sql.names("report"), *(chart.statement for chart in charts())]
    return {name for text in map(sql.read, statements) for name in _MART.findall(text)}


def _read(name: str) -> Chart:
    described = json.loads((FOLDER / name / "chart.json").read_text(encoding="utf-8"))
    return Chart(
        name=name.partition("_")[2],
        title=described["title"],
        says=described["says"],
        empty=described["empty"],
        statement=f"report/{name}/query",
        spec=None if described["spec"] == TABLE else described["spec"],
    )
