"""The stand-in is its own reading of the documents."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "resources" / "standin"
OURS = re.compile(
    r"^\s*(?:from|import) ((?:assets|dagster|pipelines|resources|sql)\b[\w.]*)", re.MULTILINE
)
COMMANDS = ("__main__", "demo")


@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_it_imports_nothing_else_of_callhouse(module: Path) -> None:
    """What a client gets wrong, it must not get wrong by the same code."""
    imported = set(OURS.findall(module.read_text(encoding="utf-8")))
    if module.stem in COMMANDS:
        imported -= {"resources.text"}  # files are written as everywhere
    assert all(name.startswith("resources.standin") for name in imported)
