"""Renders the report as one page."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from resources.postgres.warehouse import Warehouse
from resources.report.answers import Answer, Selection, reading
from resources.report.charts import Chart, charts
from resources.report.shown import Cell, cell, plain
from resources.report.tiles import cards
from resources.report.trust import SIGNS, WORDS, Trust

HERE = Path(__file__).parent
SCRIPTS = ("vega.min.js", "vega-lite.min.js", "vega-embed.min.js")
MOST_ROWS = 200
"""Rows of a table under a chart; the chart itself has all of them."""


@dataclass(frozen=True, slots=True)
class ReportPage:
    """The page, and what couldn't be put into it: charts by their titles, and why."""

    html: str
    faults: Sequence[str]


@dataclass(frozen=True, slots=True)
class Section:
    """A chart with its rows."""

    chart: Chart
    answer: Answer

    @property
    def columns(self) -> list[str]:
        """Headings of the table below."""
        return [column.replace("_", " ") for column in self.answer.columns]

    @property
    def shown(self) -> list[list[Cell]]:
        """The rows of the table below."""
        return [[cell(value) for value in row] for row in self.answer.rows[:MOST_ROWS]]

    @property
    def left_out(self) -> int:
        """How many rows the table doesn't show."""
        return max(len(self.answer.rows) - MOST_ROWS, 0)

    @property
    def data(self) -> Markup:
        """Spec, columns and rows as JSON that can't end the script that it stands in."""
        rows = [[plain(value) for value in row] for row in self.answer.rows]
        whole = {"spec": self.chart.spec, "columns": list(self.answer.columns), "rows": rows}
        text = json.dumps(whole, ensure_ascii=True, separators=(",", ":"))
        for character in "<>&":
            text = text.replace(character, f"\\u{ord(character):04x}")
        return Markup(text)  # noqa: S704 - no character of HTML is left


def render(warehouse: Warehouse, selection: Selection) -> ReportPage:
    """The page for what is selected, as of now."""
    with reading(warehouse, selection) as reader:
        trust = Trust(reader.ask("report/trust"), selection)
        tiles = reader.ask("report/tiles")
        sections = [Section(chart, reader.ask(chart.statement)) for chart in charts()]
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined
    )
    scripts = [_script(HERE / "third_party" / name) for name in SCRIPTS]
    scripts.append(_script(HERE / "page.js"))
    style = Markup((HERE / "page.css").read_text(encoding="utf-8"))  # noqa: S704 - ours
    html = environment.get_template("page.html").render(
        selection=selection,
        made_at=f"{warehouse.now():%Y-%m-%d %H:%M} UTC",
        trust=trust,
        signs=SIGNS,
        words=WORDS,
        tiles=tiles,
        cards=cards(tiles, trust),
        sections=sections,
        style=style,
        scripts=scripts,
        policy=_policy(scripts),
    )
    answers = {"Trust": trust.answer, "Accounts": tiles}
    answers |= {section.chart.title: section.answer for section in sections}
    faults = [f"{title}: {found.error}" for title, found in answers.items() if found.error]
    return ReportPage(html, faults)


def write(page: ReportPage, path: Path) -> None:
    """Puts the page where it belongs, at once: nobody sees half of it. Others may write it, too.
    A pipe or a device takes it as it comes, and a link stays one.
    """
    if path.exists() and not path.is_file():
        path.write_text(page.html, encoding="utf-8")
        return
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
    unfinished.write_text(page.html, encoding="utf-8")
    unfinished.replace(path)


def _script(path: Path) -> Markup:
    """A script, without the line by which a browser looks for its source."""
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("//#")]
    return Markup("\n".join(kept))  # noqa: S704 - ours, or a library's


def _policy(scripts: Sequence[Markup]) -> str:
    """No network, and no script but these: what a vendor's text might smuggle in isn't run."""
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
