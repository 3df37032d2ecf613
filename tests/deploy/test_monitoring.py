"""Alert rules and dashboard ask for figures that there are, by labels that they have."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.metrics.families import FAMILIES, PREFIX
from pipelines.web.metrics import ADDRESS, PATH
from resources.configuration.home import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
RULES = DEPLOY / "prometheus" / "alerts.yaml"
DASHBOARD = json.loads((DEPLOY / "grafana" / "callhouse.json").read_text(encoding="utf-8"))
PAGE = (CHECKOUT / "docs" / "operators" / "monitoring.md").read_text(encoding="utf-8")
PROMTOOL = shutil.which("promtool")
_METRIC = re.compile(rf"\b{PREFIX}(\w+)(?:\{{([^}}]*)\}})?")
_MATCHED = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_GROUPED = re.compile(r"\b(?:by|on|without|group_left|group_right)\s*\(([^)]*)\)")


def alerts() -> dict[str, Any]:
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression of rules and dashboard, with where it is."""
    for name, rule in alerts().items():
        yield name, rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"]["query"]


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_expressions_name_figures_and_labels_that_there_are(where: str, expression: str) -> None:
    named = _METRIC.findall(expression)
    assert named
    labels: set[str] = set()
    for name, matchers in named:
        assert name in FAMILIES, name
        labels |= set(FAMILIES[name].labels)
        assert set(_MATCHED.findall(matchers)) <= set(FAMILIES[name].labels), name
    for group in _GROUPED.findall(expression):
        assert {label.strip() for label in group.split(",") if label.strip()} <= labels


def test_texts_name_labels_that_the_expression_leaves() -> None:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            _check_texts(target["expr"], target["legendFormat"], r"\{\{(\w+)\}\}")
    for rule in alerts().values():
        texts = " ".join(rule["annotations"].values())
        _check_texts(rule["expr"], texts, r"\$labels\.(\w+)")


def _check_texts(expression: str, text: str, place: str) -> None:
    (name, _), *_ = _METRIC.findall(expression)
    left = set(FAMILIES[name].labels)
    if grouped := re.search(r"\b(?:sum|max|min|count) by \(([^)]*)\)", expression):
        left = {label.strip() for label in grouped[1].split(",")}
    assert set(re.findall(place, text)) <= left, text


def test_the_dashboard_is_whole() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for grid in (panel["gridPos"] for panel in panels)
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    ]
    assert len(set(cells)) == len(cells), "panels lie over each other"
    assert all(0 <= x < 24 for x, _ in cells)
    shown = {name for _, expression in expressions() for name, _ in _METRIC.findall(expression)}
    assert shown == set(FAMILIES), "every figure is shown or watched"


def test_the_page_names_every_figure_and_alert() -> None:
    told = dict(re.findall(rf"^\| `{PREFIX}(\w+)` \| (.*?) \| ", PAGE, re.MULTILINE))
    assert told == {
        name: ", ".join(f"`{label}`" for label in family.labels)
        for name, family in FAMILIES.items()
    }
    assert set(re.findall(r"^\| `(Callhouse\w+)` \|", PAGE, re.MULTILINE)) == set(alerts())
    assert PATH in PAGE
    assert ADDRESS in PAGE


@pytest.mark.skipif(not PROMTOOL, reason="Prometheus isn't installed here")
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", "deploy/prometheus/prometheus.yaml"),
        ("test", "rules", "tests/deploy/alerts.test.yaml"),
    ],
)
def test_prometheus_takes_the_rules(arguments: tuple[str, ...]) -> None:
    assert PROMTOOL
    done = subprocess.run(
        [PROMTOOL, *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_are_tested_where_prometheus_is() -> None:
    """The file that promtool reads names alerts that there are."""
    text = (Path(__file__).parent / "alerts.test.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"alertname: (\w+)", text)) <= set(alerts())
