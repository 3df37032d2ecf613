"""`docs/vendors.md` names what there is: tests that exist, and every field, option and limit."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resources.configuration.home import CHECKOUT
from resources.vendors import discover

PAGE = (CHECKOUT / "docs" / "vendors.md").read_text(encoding="utf-8")
TESTS = CHECKOUT / "tests"
REFERENCE = re.compile(r"`([a-z_/0-9]+\.py)::([a-z_0-9]+)`")
SECTIONS = {
    vendor.name: part
    for vendor in discover().values()
    for part in PAGE.split("\n## ")[1:]
    if part.startswith(f"{vendor.title}\n")
}
"""Of the vendors whose documents it goes through; another vendor's module says its own."""


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_test_that_it_names_exists() -> None:
    named: dict[str, set[str]] = {}
    for file, function in REFERENCE.findall(PAGE):
        named.setdefault(file, set()).add(function)
    assert named
    missing = {file: names - functions(TESTS / file) for file, names in named.items()}
    assert not any(missing.values()), missing


def test_every_row_says_what_and_shows_it_or_why_not() -> None:
    for section in SECTIONS.values():
        rows = [line for line in section.splitlines() if line.startswith("|")][2:]
        for row in rows:
            _, says, does, shown, _ = re.split(r"(?<!\\)\|", row)
            assert says.strip()
            assert does.strip()
            assert REFERENCE.search(shown) or re.search("not |see above", does), row


def names_in(value: Any) -> Iterator[str]:
    """Every name of every object, however deep; what a form sent has names of its own."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            if name not in ("additionals", "task_raw_params"):
                yield from names_in(inner)
    if isinstance(value, list):
        for inner in value:
            yield from names_in(inner)


def test_every_section_is_a_vendors() -> None:
    titles = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    assert {discover()[name].title for name in SECTIONS} == set(titles)


@pytest.mark.parametrize("vendor", sorted(SECTIONS))
def test_every_recorded_field_option_and_limit_is_on_it(vendor: str) -> None:
    declared, section = discover()[vendor], SECTIONS[vendor]
    names = {
        name
        for path in (TESTS / "fixtures" / vendor).glob("*.json")
        for name in names_in(json.loads(path.read_text(encoding="utf-8")))
    }
    names |= set(declared.options.model_fields) | set(declared.limits.sources)
    names |= {stream.name for stream in declared.streams}
    written = set(re.findall(r"[A-Za-z_0-9]+", " ".join(re.findall(r"`[^`]+`", section))))
    assert names <= written, names - written
