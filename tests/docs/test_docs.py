"""The pages say what is so: links lead somewhere, what they name exists, commands are commands."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.main import get_command

from assets import accounts_file, ledger
from assets.checks import CHECKS
from assets.maintenance import asset
from pipelines.alerts import TITLES
from pipelines.cli import app
from pipelines.dagster_home import CONFIGURATION
from pipelines.storage import SCHEMA
from resources.account import Limits
from resources.configuration.account_entry import AccountEntry
from resources.configuration.accounts import read_accounts
from resources.configuration.home import CHECKOUT, Home
from resources.configuration.retention import LEDGER, LEDGER_DAYS
from resources.postgres.database import DAGSTER_URL
from resources.vendors import discover

PAGES = sorted([*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md")])
CODE = ("pipelines", "assets", "resources", "sql")
OPERATORS = CHECKOUT / "docs" / "operators"
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|sql|md|toml|yaml|lock))`")
EXPECTED_ELSEWHERE = ("/", ".callhouse")


def named(page: Path) -> str:
    return str(page.relative_to(CHECKOUT))


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """The pages' blocks in a language, each with its page's name."""
    for page in PAGES:
        for found in _BLOCK.findall(page.read_text(encoding="utf-8")):
            if found[0] == language:
                yield named(page), found[1]


def headings(page: Path) -> set[str]:
    lines = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.lower()).strip().replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"https?://", link):
            continue
        place, _, heading = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), link
        assert not heading or heading in headings(target), link


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_files_that_are_named_exist(page: Path) -> None:
    for name in _FILE.findall(page.read_text(encoding="utf-8")):
        roots = (CHECKOUT, CHECKOUT / "tests", page.parent)
        assert any((root / name).exists() for root in roots), name


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words name, also one of a group's, and what is left of them."""
    command: Any = get_command(app)
    while commands := getattr(command, "commands", None):
        name, *words = words
        command = commands[name]
    return command, words


def test_commands_are_commands() -> None:
    """`callhouse …` with options that it has, `make …` with targets that there are."""
    targets = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    said = 0
    for page, block in blocks("console"):
        for line in block.splitlines():
            words = line.removeprefix("$ ").split()
            if not line.startswith("$ "):
                continue
            if words[0] == "make":
                assert words[1] in targets, (page, line)
            elif words[0].endswith("callhouse"):
                command, _ = command_of(words[1:])
                options = {name for parameter in command.params for name in parameter.opts}
                used = {word.partition("=")[0] for word in words[2:] if word.startswith("--")}
                assert used <= options, (page, line)
            elif words[0].startswith(".venv/bin/"):
                assert (Path(sys.executable).parent / Path(words[0]).name).exists(), (page, line)
            said += 1
    assert said > 10


def test_every_command_is_documented() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name in get_command(app).commands:  # type: ignore[attr-defined]
        assert f"callhouse {name}" in text or f"make {name}" in text, name


def test_queries_outside_the_analysts_pages_run(database_url_with_dagster: str) -> None:
    queries = [(page, query) for page, query in blocks("sql") if "docs/analysts" not in page]
    assert queries
    with psycopg.connect(database_url_with_dagster) as connection:
        for _, query in queries:
            connection.execute(query.encode())


def test_accounts_of_the_pages_are_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = [block for _, block in blocks("toml") if "[accounts." in block]
    assert len(written) >= 2
    for number, block in enumerate(written):
        for name in re.findall(r'env = "(\w+)"', block):
            monkeypatch.setenv(name, "a token")
        file = tmp_path / f"{number}.toml"
        file.write_text(block, encoding="utf-8")
        assert read_accounts(file)


def test_the_page_of_accounts_names_every_key() -> None:
    text = (OPERATORS / "accounts.md").read_text(encoding="utf-8")
    keys = {*AccountEntry.model_fields, *Limits.model_fields} - {"sources"}
    for vendor in discover().values():
        keys |= {*vendor.options.model_fields, *vendor.credentials}
    assert not {key for key in keys if f"`{key}`" not in text and f"\n{key} " not in text}


def test_the_runbook_names_every_check_and_alert() -> None:
    text = (OPERATORS / "runbook.md").read_text(encoding="utf-8")
    others = [ledger.CHECK, asset.CHECK, accounts_file.VALID, accounts_file.SHOWN]
    for name in [*(check.name for check in CHECKS), *others]:
        assert f"`{name}`" in text, name
    for title in TITLES.values():
        assert f"| {title} |" in text, title


def test_the_table_of_variables_is_what_is_read() -> None:
    """By the code and by what is in `deploy`; nothing else, and nothing is left out."""
    sources = [
        *(file for folder in CODE for file in (CHECKOUT / folder).rglob("*.py")),
        CONFIGURATION,
        *(file for file in (CHECKOUT / "deploy").rglob("*") if file.is_file()),
    ]
    read = {
        name
        for file in sources
        for name in re.findall(r"\bCALLHOUSE_\w+\b", file.read_text(encoding="utf-8"))
    }
    assert {name for name in variables() if name.startswith("CALLHOUSE_")} == read
    assert set(variables()) - read == {"DAGSTER_HOME"}


def test_the_table_of_variables_tells_their_defaults() -> None:
    told = variables()
    home = Home(Path("/somewhere"))
    assert told[LEDGER] == str(LEDGER_DAYS)
    assert told["CALLHOUSE_AUDIO_URL"] == f"`{home.audio.name}` in `CALLHOUSE_HOME`"
    assert told["CALLHOUSE_REPORT_URL"] == f"`{home.reports.name}` in `CALLHOUSE_HOME`"
    assert told["DAGSTER_HOME"] == f"`{home.dagster.name}` in `CALLHOUSE_HOME`"
    assert told[DAGSTER_URL] == f"the schema `{SCHEMA}` of the warehouse"
    compose = (CHECKOUT / "deploy" / "compose" / "compose.yaml").read_text(encoding="utf-8")
    for name, sign, default in re.findall(r"\$\{(\w+):([?-])([^}]*)\}", compose):
        if sign == "?":
            assert told[name] == "none: compose refuses to start"
        elif default:
            assert told[name] == f"`{default}`"


def variables() -> dict[str, str]:
    """The default of each variable, as the page of deployment tells it."""
    text = (OPERATORS / "deploy.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([A-Z_]+)` \| .+ \| (.+) \|$", text, re.MULTILINE))


def test_the_changelog_knows_the_version() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    text = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {project['project']['version']}" in text


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_page_has_a_place_still_to_be_filled(page: Path) -> None:
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    assert not re.search(r"^[A-Z_]{4,}$|TODO|FIXME|TBD", text, re.MULTILINE)


def test_every_decision_is_listed() -> None:
    folder = CHECKOUT / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in folder.glob("*.md")} - {"README.md"}
    assert {page for page in pages if f"({page})" not in listed} == set()


def test_pictures_are_small() -> None:
    for picture in (CHECKOUT / "docs" / "images").glob("*"):
        assert picture.suffix in {".png", ".webp"}
        assert picture.stat().st_size <= 200_000, picture.name


def test_no_page_names_a_place_of_somebodys_machine() -> None:
    """Nor does what is committed beside them."""
    listed = subprocess.run(
        ["git", "ls-files", "*.md", "deploy"], cwd=CHECKOUT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().splitlines():
        text = (CHECKOUT / name).read_text(encoding="utf-8")
        assert not re.search(r"/(home|root|Users|tmp|work)/\w", text), name
