"""The questions of docs/analysts/questions.md: their queries, and the output printed there; and the
metrics of metrics.md beside it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from resources.configuration.home import CHECKOUT

FOLDER = CHECKOUT / "docs" / "analysts"
PAGE = FOLDER / "questions.md"
_QUESTION = re.compile(
    r"^## (.+?)\n.*?```sql\n(.*?)```\n+```text\n(.*?)```", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class Question:
    """A heading of the page, its query and what the page says that it prints."""

    title: str
    query: str
    output: str


def questions() -> list[Question]:
    """In the order of the page."""
    return [Question(*found) for found in _QUESTION.findall(PAGE.read_text(encoding="utf-8"))]


def metrics() -> dict[str, str]:
    """The sections of the catalogue of metrics, by their headings, in the order of the page."""
    page = (FOLDER / "metrics.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE))


def query_of(section: str) -> str:
    """The one query of a section. Raises ValueError where there isn't one."""
    [query] = re.findall(r"```sql\n(.*?)```", section, re.DOTALL)
    return str(query)


def write(outputs: dict[str, str]) -> None:
    """Puts the outputs into the page, by their question's title."""

    def renewed(found: re.Match[str]) -> str:
        whole, output = found[0], found[3]
        return whole[: -len(f"{output}```")] + f"{outputs[found[1]]}```"

    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_QUESTION.sub(renewed, text), encoding="utf-8")


def aligned(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table as psql prints it: numbers to the right, NULL as nothing."""
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    right = [all(isinstance(r[n], int | float) or r[n] is None or _is_decimal(r[n]) for r in rows)
             for n in range(len(columns))]  # fmt: skip
    lines = [
        " | ".join(name.center(width) for name, width in zip(columns, widths, strict=True)),
        "-+-".join("-" * width for width in widths),
    ]
    for row in cells:
        aligned = zip(row, widths, right, strict=True)
        lines.append(" | ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in aligned))
    return "".join(f" {line.rstrip()}\n" for line in lines)


def _is_decimal(value: Any) -> bool:
    return type(value).__name__ == "Decimal"
