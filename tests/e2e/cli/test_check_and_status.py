"""`callhouse check` and `status`: what is wrong, what stands still, and what to do."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.commands.progress import now_at
from pipelines.commands.sync_plan import Run
from resources.embedded.ports import free_port
from resources.postgres.schema_version import head
from resources.postgres.warehouse import Warehouse
from resources.standin import Fault, Tenant
from resources.vendors import discover
from tests.e2e.cli.command import CLICKFONO, CONPEEK, DAY, SECRET, Call, change, rows, run


def test_check_names_every_fault_and_tries_the_rest(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    good = file.read_text()
    file.write_text(
        f'{good}\n[accounts.x]\nvendor = "vono"\ntoken = "{SECRET}"\n'
        '[accounts.y]\nvendor = "nobody"\nbase_url = "ftp://y"\nstart_date = 2026-01-01\n'
    )
    call("migrate")
    told = json.loads(call("check", "--json", exit_code=1).stdout)
    assert not told["ok"]
    found = [(f["what"], f["state"], f["message"].partition(":")[0]) for f in told["findings"]]
    assert found == [
        ("accounts.toml", "wrong", "accounts.x.base_url"),
        ("accounts.toml", "wrong", "accounts.x.start_date"),
        ("accounts.toml", "wrong", "accounts.x.token"),
        ("accounts.toml", "wrong", "accounts.x.credentials.token"),
        ("accounts.toml", "wrong", "accounts.x.credentials.key"),
        ("accounts.toml", "wrong", "accounts.y.base_url"),
        ("accounts.toml", "wrong", "accounts.y.vendor"),
        ("database", "ok", f"reachable, schema {head()}"),
        ("clock", "ok", "agrees with the database's"),
        (CONPEEK, "ok", "Conpeek answers (dialogs)"),
        (CLICKFONO, "ok", "Clickfono answers (calls)"),
    ]
    file.write_text(good)
    assert json.loads(call("check", "--json").stdout)["ok"]


def test_whoever_only_looks_needs_no_secrets(call: Call) -> None:
    call("sync", CONPEEK)
    known = json.loads(call("status", "--json").stdout)
    del os.environ["A_TOKEN"]
    told = json.loads(call("status", "--json").stdout)
    assert told["settings"] == []
    for name in ("complete", "next_poll_at", "stopped", "last_success_at"):
        assert [s[name] for s in told["streams"]] == [s[name] for s in known["streams"]]
    assert "A_TOKEN isn't set" in call("sync", exit_code=2).stderr


def test_the_version() -> None:
    assert re.fullmatch(r"callhouse \d+\.\d+\.\d+\n", CliRunner().invoke(app, ["--version"]).output)


def test_what_a_pass_is_at(call: Call, database_url_with_dagster: str) -> None:
    run = Run(discover()["evolux"], {}, 1)
    warehouse = Warehouse(database_url_with_dagster, pool_size=1)
    call("migrate")
    assert now_at(warehouse, run) == "Evolux Studio"
    with psycopg.connect(database_url_with_dagster) as connection:
        for _ in range(2):
            connection.execute(
                "INSERT INTO ops.requests (account, stream, report, backfill, requested_at,"
                " duration_s, run_id) VALUES ('acme', 'call_details', 'cdr', false, now(), 1, %s)",
                [run.run_id],
            )
    assert now_at(warehouse, run) == "Evolux Studio: acme call_details, request 2"
    with psycopg.connect(database_url_with_dagster) as connection:
        connection.execute(
            "INSERT INTO ops.waiters (credential, account, stream, report, holder, backfill, away,"
            " reason, run_id, since, looked_at, ready_at, expected_at, expires_at) SELECT 'c',"
            " 'acme', 'call_details', 'cdr', 'h', false, false, 'rate', %s, t, t, t, t + '40.4 s',"
            " t + '1 hour' FROM (SELECT now() + '1 s'::interval AS t)",
            [run.run_id],
        )
    told = now_at(warehouse, run)
    assert re.search(r"acme call_details: waits for its turn \(rate\), 4[01] s", told)
    warehouse.close()


def test_status_says_how_everything_stands(call: Call) -> None:
    unread = json.loads(call("status", "--json").stdout)
    assert {(s["stream"], s["unread"], s["last_success_at"]) for s in unread["streams"]} == {
        ("dialogs", 3, None),
        ("calls", 3, None),
    }
    call("sync", CONPEEK)
    dialogs, calls = json.loads(call("status", "--json").stdout)["streams"]
    # Empty days are complete when they are so a day later, too; the one beside them is read alone.
    assert (dialogs["complete"], dialogs["unread"], dialogs["rejects"]) == (0, 0, 0)
    assert dialogs["next_poll_at"] is not None
    assert calls["oldest_incomplete"] == str(DAY)
    told = call("status").stdout
    assert "ago" in told
    assert f"{CLICKFONO} calls: still 3 days since {DAY} to read" in told


def test_a_refused_account_stops_and_check_resumes_it(call: Call, warsaw: Tenant) -> None:
    warsaw.arm(Fault.status(401, payload={"error": "Unauthorized"}), times=2)
    call("sync", CONPEEK, exit_code=1)
    assert "stopped, probe" in " ".join(call("status").stdout.split())
    assert json.loads(call("sync", CONPEEK, "--json", exit_code=1).stdout)["skipped"][0]["stopped"]
    told = call("check", exit_code=1).stdout
    assert "refuses the credentials" in told
    assert "dialogs have stopped, probed once an hour, next at" in " ".join(
        told.replace("│", " ").split()
    )
    told = call("check").stdout
    assert "its polls go on" in told
    assert rows(call("sync", CONPEEK, "--json"))[CONPEEK, "dialogs", str(DAY)]["new"] == 5


def test_check_of_a_database_without_tables(
    call: Call, empty_database_url: str, environment: Mapping[str, str]
) -> None:
    os.environ["CALLHOUSE_DATABASE_URL"] = empty_database_url
    assert "run `callhouse migrate`" in call("check", exit_code=1).stdout
    assert "run `callhouse migrate`" in call("status", exit_code=1).stderr
    for _ in range(2):
        assert f"version {head()}" in call("migrate").stdout
    call("check")


def test_half_a_restore_is_no_warehouse_without_tables(call: Call, empty_database_url: str) -> None:
    """`migrate` would refuse it."""
    os.environ["CALLHOUSE_DATABASE_URL"] = empty_database_url
    change("CREATE TABLE public.unfinished_restore ()")
    for command in ("status", "migrate"):
        assert "hasn't ended" in " ".join(call(command, exit_code=1).stderr.split())


@pytest.mark.parametrize("command", ["status", "check", "sync", "sql 'SELECT 1'", "up"])
def test_a_home_that_cannot_be_made_is_told_in_a_sentence(
    call: Call, tmp_path: Path, command: str
) -> None:
    (tmp_path / "file").touch()
    os.environ["CALLHOUSE_HOME"] = str(tmp_path / "file" / "home")
    del os.environ["CALLHOUSE_DATABASE_URL"]
    told = call(*shlex.split(command), exit_code=1).stderr
    assert told == f"✗ The system refuses it: {tmp_path / 'file'}: File exists\n"


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "sync",
        "rebuild",
        "refresh-marts",
        "migrate",
        "check",
        "sql 'SELECT 1'",
        "sql",
        f"accept {CONPEEK} dialogs {DAY}",
    ],
)
def test_a_database_that_isnt_there_is_told_at_once(call: Call, command: str) -> None:
    os.environ["CALLHOUSE_DATABASE_URL"] = "postgresql://nobody:secret@127.0.0.1:1/none"
    began = time.monotonic()
    result = call(*shlex.split(command), exit_code=1)
    assert time.monotonic() - began < 10
    assert result.stdout == ""
    assert "The warehouse doesn't answer: " in result.stderr
    assert "Start it, or correct CALLHOUSE_DATABASE_URL." in result.stderr
    assert "secret" not in result.output


def test_dagsters_database_that_isnt_there(call: Call) -> None:
    os.environ["CALLHOUSE_DAGSTER_DATABASE_URL"] = "postgresql://nobody:secret@127.0.0.1:1/none"
    assert "correct CALLHOUSE_DAGSTER_DATABASE_URL" in call("sync", exit_code=1).stderr


def test_settings_that_count_at_night_alone_are_named_before(
    call: Call, environment: Mapping[str, str]
) -> None:
    wrong = {
        "CALLHOUSE_FACTS_RETENTION_DAYS": "999999",
        "CALLHOUSE_RAW_RETENTION_DAYS": "30d",
        "CALLHOUSE_BROKER_URL": "foo",
        "CALLHOUSE_ALERT_WEBHOOK": "http://chat.example/secret",
    }
    named = sorted(wrong)
    up = run(f"up --port {free_port()}", {**environment, **wrong}, given="")
    assert up.returncode == 1
    assert sorted(line.split(": ")[0].split()[1] for line in up.stderr.splitlines()) == named
    call("migrate")
    os.environ.update(wrong)
    found = json.loads(call("check", "--json", exit_code=1).stdout)["findings"]
    told = [f["message"] for f in found if f["what"] == "environment"]
    assert sorted(message.replace(":", " ").split()[0] for message in told) == named
    assert "secret" not in "".join(told) + up.stderr
    del os.environ["CALLHOUSE_BROKER_URL"]
    call("sync", CONPEEK)


def test_up_without_its_database(environment: Mapping[str, str]) -> None:
    nowhere = {"CALLHOUSE_DATABASE_URL": "postgresql://nobody:secret@127.0.0.1:1/none"}
    done = run(f"up --port {free_port()}", {**environment, **nowhere}, given="")
    assert done.returncode == 1
    assert "The warehouse doesn't answer: " in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize("words", [["--help"], ["status", "--json"], ["sql", "SELECT 1"]])
def test_what_only_reads_loads_nothing_of_what_loads(
    call: Call, environment: Mapping[str, str], words: list[str]
) -> None:
    """These take seconds to import, and the commands themselves next to none."""
    call("migrate")
    assert not imported_by(words, environment) & {"dagster", "numpy", "pandas"}


def test_a_load_that_finds_nothing_changed_makes_no_frames(
    call: Call, environment: Mapping[str, str]
) -> None:
    words = ["sync", CONPEEK, "--from", str(DAY)]
    call(*words)
    assert not imported_by(words, environment) & {"numpy", "pandas"}


def imported_by(words: list[str], environment: Mapping[str, str]) -> set[str]:
    """What a process that runs the command has imported by its end."""
    code = (
        "import sys; from typer.testing import CliRunner; from pipelines.cli import app;"
        f"result = CliRunner().invoke(app, {words});"
        "print(result.exit_code, *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    exit_code, *names = done.stdout.split()
    assert exit_code == "0"
    return set(names)
