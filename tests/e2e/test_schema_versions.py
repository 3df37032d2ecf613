"""A warehouse whose tables are others than this code's: every command and every run says so."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from alembic.script import ScriptDirectory
from typer.main import get_command
from typer.testing import CliRunner

import sql
from assets.resource import CallhouseResource
from pipelines.cli import app
from pipelines.commands.runs import _why
from pipelines.definitions import build_defs
from pipelines.local import preflight
from resources.configuration.home import Home
from resources.configuration.settings import read_settings
from resources.embedded.ports import free_port
from resources.postgres.schema_version import (
    SchemaError,
    baseline,
    head,
    known_versions,
    require_head,
)

NEWER = "UPDATE public.schema_version SET version_num = '9999'"
OTHER = "UPDATE ops.settings SET value = 'another' WHERE name = 'baseline'"
WITHOUT = "DELETE FROM ops.settings WHERE name = 'baseline'"
STATES = {
    NEWER: "the warehouse's schema is 9999, which this Callhouse, the older of the two, doesn't "
    f"know (it works with {head()})",
    OTHER: "the warehouse's tables were made by another unreleased version of Callhouse",
    WITHOUT: "the warehouse's tables were made by another unreleased version of Callhouse",
}
COMMANDS = {
    "sync": "sync",
    "rebuild": "rebuild",
    "refresh-marts": "refresh-marts",
    "status": "status",
    "check": "check",
    "accept": "accept acme calls 2026-03-01",
    "forget": "forget --number 48221234567 --dry-run",
    "export-person": "export-person --number 48221234567",
    "migrate": "migrate",
}
OTHERS = {"sql", "report", "analyst", "backup", "restore", "demo", "map", "up", "worker"}
"""What takes the tables as they are, makes its own or looks at none, and what is tried below."""
ACCOUNTS = """
[accounts.acme]
vendor = "clickfono"
base_url = "http://127.0.0.1:1"
start_date = 2026-03-01
credentials = { token = { env = "A_TOKEN" } }
"""


@pytest.fixture
def changed(
    database_url_with_dagster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """Changes the tables."""
    (tmp_path / "accounts.toml").write_text(ACCOUNTS)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    os.environ |= {
        "CALLHOUSE_HOME": str(tmp_path / "home"),
        "CALLHOUSE_ACCOUNTS": str(tmp_path / "accounts.toml"),
        "CALLHOUSE_DATABASE_URL": database_url_with_dagster,
        "A_TOKEN": "a token",
    }

    def change(statement: str) -> None:
        with psycopg.connect(database_url_with_dagster) as connection:
            assert connection.execute(statement).rowcount == 1

    return change


def test_every_command_is_tried() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert COMMANDS.keys() | OTHERS == set(commands)


@pytest.mark.parametrize("state", STATES)
def test_every_command_ends_with_a_sentence(changed: Callable[[str], None], state: str) -> None:
    changed(state)
    for name, command in COMMANDS.items():
        result = CliRunner().invoke(app, shlex.split(command))
        assert result.exit_code == 1, (name, result.output)
        assert isinstance(result.exception, SystemExit), name
        assert STATES[state] in " ".join(result.output.replace("│", " ").split()), name


def test_up_refuses_to_start(
    changed: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what it does before it serves anything, in a process of its own."""
    changed(NEWER)
    monkeypatch.setattr(sys, "argv", ["preflight", "0"])
    with pytest.raises(SystemExit, match="the older of the two"):
        preflight.main()


@pytest.mark.long
def test_up_ends_with_a_sentence(changed: Callable[[str], None]) -> None:
    changed(NEWER)
    callhouse = Path(sys.executable).with_name("callhouse")
    command = [str(callhouse), "up", "--port", str(free_port())]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert STATES[NEWER] in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize("job", ["clickfono_poll", "marts_refresh", "maintenance"])
def test_a_run_fails_with_a_sentence(changed: Callable[[str], None], job: str) -> None:
    changed(NEWER)
    defs = build_defs(read_settings(Home.from_environment()).accounts)
    day = {} if job == "maintenance" else {"dagster/partition": "2026-03-01"}
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance, tags=day, raise_on_error=False
        )
    assert not result.success
    assert _why(result).startswith(STATES[NEWER])


def test_a_tick_fails_with_a_sentence(changed: Callable[[str], None]) -> None:
    """What schedules and sensors get their warehouse from."""
    standing = CallhouseResource().standing_warehouse()
    assert CallhouseResource().standing_warehouse() is standing, "the next tick's is the same"
    changed(NEWER)
    with pytest.raises(dg.Failure) as caught:
        CallhouseResource().standing_warehouse()
    assert str(caught.value.description).startswith(STATES[NEWER])


def test_an_older_one_is_migrated(
    changed: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = [*known_versions(), "9999"]
    monkeypatch.setattr("resources.postgres.schema_version.known_versions", lambda: newer)
    with pytest.raises(SchemaError, match="works with 9999: run `callhouse migrate`"):
        require_head(os.environ["CALLHOUSE_DATABASE_URL"])


def test_the_versions_are_those_of_the_migrations() -> None:
    """A file's name begins with its version, and they follow each other in a line."""
    scripts = list(ScriptDirectory(sql.FOLDER / "migrations").walk_revisions())
    assert [script.revision for script in reversed(scripts)] == known_versions()
    assert len(baseline()) == 64
