"""The recipes for developers work as they are written."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from typer.testing import CliRunner

import resources.vendors
import sql.table
from pipelines.cli import app
from pipelines.vendor_tables import limits
from resources.account import Limits
from resources.configuration.home import CHECKOUT
from resources.http.transport import Transport
from resources.vendors import discover
from sql import mart
from tests.contract.checks import (
    Check,
    a_wrong_value_costs_its_field,
    declaration_is_complete,
    own_refusals_stop,
    sample_becomes_facts,
    sample_is_read,
)
from tests.contract.harness import Harness, Subject
from tests.support import Replay

PAGES = CHECKOUT / "docs" / "developers"
CHECKS: tuple[Check, ...] = (
    sample_becomes_facts, sample_is_read, own_refusals_stop, a_wrong_value_costs_its_field,
)  # fmt: skip


def recipe(title: str, language: str, page: str = "recipes.md") -> str:
    """The block in a language of a section."""
    text = (PAGES / page).read_text(encoding="utf-8")
    section = text.partition(f"## {title}\n")[2].partition("\n## ")[0] if title else text
    found = re.search(rf"^( *)```{language}\n(.*?)^ *```", section, re.DOTALL | re.MULTILINE)
    assert found, title
    return re.sub(rf"^{found[1]}", "", found[2], flags=re.MULTILINE)


@pytest.fixture
def sextant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subject]:
    """The recipe's vendor, put where vendors are found, and its recorded answers."""
    package, fixtures = tmp_path / "vendors", tmp_path / "fixtures"
    package.mkdir()
    fixtures.mkdir()
    (package / "sextant.py").write_text(recipe("A vendor", "python"), encoding="utf-8")
    sample = fixtures / "calls.200.sample.json"
    sample.write_text(recipe("A vendor", "json"), encoding="utf-8")
    (fixtures / "calls.401.token.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(resources.vendors, "__path__", [*resources.vendors.__path__, str(package)])
    discover.cache_clear()
    vendor = discover()["sextant"]
    yield Subject(vendor, vendor.stream("calls"), fixtures)
    discover.cache_clear()
    del sys.modules["resources.vendors.sextant"]


def test_a_vendor(sextant: Subject) -> None:
    declaration_is_complete(sextant)
    transport = Transport()
    with Replay() as replay:
        for check in CHECKS:
            check(sextant, Harness(transport, replay))
    transport.close()
    assert ("sextant", "`concurrency`", "1", "document: one at a time") in limits(discover())


def test_a_recorded_answer_is_mapped_by_command(sextant: Subject) -> None:
    sample = str(sextant.folder / "calls.200.sample.json")
    told = json.loads(CliRunner().invoke(app, ["map", "sextant", "calls", sample]).stdout)
    assert told == {
        "calls": [
            {
                "grain": "call", "direction": "inbound", "talk_s": 61.5, "disposition": "answered",
                "started_at": "2026-03-10T09:00:00+00:00", "is_final": True,
            }
        ],
        "rejects": [], "unread": {}, "new fields": [],
    }  # fmt: skip
    for words, fault in (
        (["sixtant", "calls", sample], "no vendor sixtant"),
        (["sextant", "legs", sample], "sextant has no stream legs"),
        (["sextant", "calls", "nothing.json"], "nothing.json: No such file"),
        (["sextant", "calls", str(sextant.folder / "calls.401.token.json")], "has no `calls`"),
    ):
        done = CliRunner().invoke(app, ["map", *words])
        assert done.exit_code
        assert fault in done.output


def test_a_column() -> None:
    column = eval(recipe("A column", "python"), vars(sql.table))
    assert (column.name, column.type, column.personal) == ("mood", "text", True)


def test_a_mart(tmp_path: Path, database_url: str) -> None:
    written = recipe("A mart", "sql").replace("CAST('2026-03-10' AS date)", ":day")
    (tmp_path / "long_calls_by_day.sql").write_text(written, encoding="utf-8")
    description = tmp_path / "long_calls_by_day.toml"
    description.write_text(recipe("A mart", "toml"), encoding="utf-8")
    found = mart.read("long_calls_by_day", tmp_path)
    with psycopg.connect(database_url) as connection:
        asked = connection.execute(recipe("A mart", "sql").encode())
        assert asked.description
        assert {c.name for c in asked.description} == {c.name for c in found.columns}


def test_a_limit() -> None:
    declared = eval(recipe("A limit", "python"), {"Limits": Limits})
    assert set(declared.sources) == declared.model_fields_set - {"sources"}


@pytest.mark.parametrize("page", ["recipes.md", "migrations.md"])
def test_a_migration(page: str, database_url: str) -> None:
    title = "A migration" if page == "recipes.md" else ""
    text = re.sub(r"^   ", "", recipe(title, "python", page), flags=re.MULTILINE)
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    with psycopg.connect(database_url) as connection, patch("alembic.op.execute") as execute:
        execute.side_effect = lambda statement: connection.execute(statement.encode())
        namespace["upgrade"]()
        told = connection.execute("SELECT mood FROM facts.calls").description
    assert told
