"""Nothing of ours lives in a session: a pooler in transaction mode lends it to others."""

import re
from collections.abc import Iterator

import pytest

from resources.configuration.home import CHECKOUT

FOLDERS = ("assets", "deploy", "pipelines", "resources", "sql")
ENDINGS = {".mako", ".py", ".sql", ".toml", ".yaml"}
OF_SESSIONS = {
    "lock": r"pg_(try_)?advisory_(un)?lock",
    "setting": r"\bSET\s+(SESSION|TIME\s+ZONE)\b"
    r"|(\A|[;\"'`])\s*(SET\s+(?!LOCAL\b|TRANSACTION\b)|RESET\s)\w",
    "option": r"options\W{1,6}-c",
    "prepared statement": r"\b(PREPARE|DEALLOCATE)\b|prepare=True",
    "subscription": r"\bLISTEN\b",
    "temporary table": r"CREATE\s+TEMP\w*\s+TABLE(?![^;]*\bON\s+COMMIT\s+DROP\b)",
}
"""What would stay in a session, or is refused by a pooler."""
REFUSED_AND_TOLD = {"pipelines/commands/query.py": ["option"]}
"""How psql is kept from writing; where a pooler refuses it, the command says what to do."""


def found(text: str) -> list[str]:
    without_comments = re.sub(r"(?m)^\s*(--|#).*$", "", text)
    return [what for what, pattern in OF_SESSIONS.items() if re.search(pattern, without_comments)]


def sources() -> Iterator[tuple[str, str]]:
    for folder in FOLDERS:
        for file in sorted((CHECKOUT / folder).rglob("*")):
            if file.suffix in ENDINGS:
                yield str(file.relative_to(CHECKOUT)), file.read_text(encoding="utf-8")


def test_nothing_is_left_in_a_session() -> None:
    files = dict(sources())
    assert len(files) > 200
    assert {name: what for name, text in files.items() if (what := found(text))} == REFUSED_AND_TOLD


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("SELECT pg_advisory_lock(1)", "lock"),
        ("SELECT pg_try_advisory_lock(1)", "lock"),
        ("SELECT pg_advisory_unlock(1)", "lock"),
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "setting"),
        ("execute(\"SET lock_timeout = '2s'\")", "setting"),
        ("SELECT 1; SET search_path = facts", "setting"),
        ("SET TIME ZONE 'UTC'", "setting"),
        ("execute('RESET lock_timeout')", "setting"),
        ('{"options": "-c jit=off"}', "option"),
        ("postgresql://host/db?options=-csearch_path%3Ddagster", "option"),
        ("PREPARE one AS SELECT 1", "prepared statement"),
        ("connection.execute(query, prepare=True)", "prepared statement"),
        ("LISTEN run_events", "subscription"),
        (
            "CREATE TEMP TABLE IF NOT EXISTS stage (a text) ON COMMIT DELETE ROWS;",
            "temporary table",
        ),
        ("CREATE TEMPORARY TABLE stage (a text);", "temporary table"),
    ],
)
def test_what_would_be_left_is_found(text: str, what: str) -> None:
    assert found(text) == [what]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT pg_advisory_xact_lock(1)",
        "SET LOCAL lock_timeout = '2s'",
        "UPDATE ops.days\n   SET state = 'open'",
        "ALTER DATABASE callhouse SET jit = off",
        "CREATE TEMP TABLE stage (a text) ON COMMIT DROP;",
    ],
)
def test_what_ends_with_a_transaction_is_not(text: str) -> None:
    assert found(text) == []
