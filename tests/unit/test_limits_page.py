"""`docs/operators/limits.md` tells every limit that is declared, and every key there is."""

import tomllib
from pathlib import Path

import pytest

from pipelines import vendor_tables
from resources.account import Limits
from resources.configuration.home import CHECKOUT
from resources.http.permits import REASONS
from resources.vendors import discover
from tests.practice import practised

PAGE = (CHECKOUT / "docs" / "operators" / "limits.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", vendor_tables.PAGES, ids=lambda page: page.name)
def test_tables_of_vendors_are_what_these_declare(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "<!-- vendors: " in text
    assert vendor_tables.filled(text, discover()) == text, "python -m pipelines.vendor_tables"


def test_a_vendor_more_is_a_row_for_each_of_its_limits() -> None:
    with practised():
        found = [row for row in vendor_tables.limits(discover()) if row[0] == "kestrel"]
    assert found == [
        ("kestrel", "`requests_per_s`", "1", "document: 60 a minute"),
        ("kestrel", "`concurrency`", "1", "assumed: not documented"),
        ("kestrel", "`max_window_days`", "7", "ours: a week of calls fits into a list"),
        ("kestrel", "`max_records`", "10000", "document: a list ends there"),
    ]


def test_every_key_is_explained() -> None:
    explained = PAGE.partition("## How they are kept")[2].partition("##")[0]
    for key in Limits.model_fields.keys() - {"sources"}:
        assert f"`{key}`" in explained, key


def test_every_file_that_it_names_exists() -> None:
    named = {word for word in PAGE.replace("`", " ").split() if word.startswith("tests/")}
    assert named
    assert all((CHECKOUT / name.rstrip(",")).exists() for name in named)
    assert REASONS["vendor"] in PAGE


def test_the_example_is_accepted() -> None:
    written = tomllib.loads(PAGE.partition("```toml\n")[2].partition("```")[0])
    assert Limits.model_validate(written["limits"]).reserve == 0.5
