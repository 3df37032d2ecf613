"""The command line as people and scripts have it: exit codes, output, runs in Dagster."""

import contextlib
import csv
import io
import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import psycopg
import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from pipelines.commands.progress import now_at
from pipelines.commands.sync_plan import Run
from resources.embedded.ports import free_port
from resources.postgres.schema_version import head
from resources.postgres.warehouse import Warehouse
from resources.standin import Fault, StandIn, Tenant
from resources.vendors import discover
from tests.privacy_site import places_of

SECRET = "hunter2-hunter2"
CONPEEK, CLICKFONO = "test-warsaw", "test-santiago"
DAY = datetime.now(UTC).date() - timedelta(days=3)
Call = Callable[..., Result]


@pytest.fixture(scope="module")
def serving() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def standin(serving: StandIn) -> Iterator[StandIn]:
    serving.reset()
    yield serving
    assert not list(serving.breaches)


@pytest.fixture
def warsaw(standin: StandIn) -> Tenant:
    tenant = standin.tenant("conpeek", CONPEEK, token=SECRET, timezone="UTC")
    tenant.put([dialog(n) for n in range(5)])
    return tenant


@pytest.fixture
def santiago(standin: StandIn) -> Tenant:
    return standin.tenant("clickfono", CLICKFONO, token=SECRET, timezone="UTC")


@pytest.fixture
def environment(
    standin: StandIn,
    warsaw: Tenant,
    santiago: Tenant,
    database_url_with_dagster: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Mapping[str, str]:
    """Two accounts, a warehouse and a home of their own."""
    entries = [account(standin, tenant) for tenant in (warsaw, santiago)]
    (tmp_path / "accounts.toml").write_text("\n".join(entries), encoding="utf-8")
    monkeypatch.setattr(os, "environ", os.environ.copy())
    changes = {
        "CALLHOUSE_HOME": str(tmp_path / "home"),
        "CALLHOUSE_ACCOUNTS": str(tmp_path / "accounts.toml"),
        "CALLHOUSE_DATABASE_URL": database_url_with_dagster,
        "A_TOKEN": SECRET,
    }
    os.environ.update(changes)
    return changes


@pytest.fixture
def call(environment: Mapping[str, str]) -> Call:
    """Runs the command in this process; it never tells the secret."""

    def run(*arguments: str, exit_code: int = 0) -> Result:
        result = CliRunner().invoke(app, list(arguments))
        assert SECRET not in result.output
        assert result.exit_code == exit_code, result.output
        return result

    return run


def account(standin: StandIn, tenant: Tenant) -> str:
    return f"""
        [accounts.{tenant.name}]
        vendor = "{tenant.vendor}"
        base_url = "{standin.url(tenant)}"
        timezone = "UTC"
        start_date = {DAY}
        credentials = {{ token = {{ env = "A_TOKEN" }} }}
    """


def dialog(number: int) -> dict[str, Any]:
    return {
        "dialog_uuid": f"d-{number}",
        "dialog_type": "EXTERNAL",
        "business_direction": "INBOUND",
        "start_time": f"{DAY} 10:{number:02}:00",
        "hangup_time": f"{DAY} 11:{number:02}:00",
        "talking_time": 1500,
        "waiting_time": 2000,
        "from_display_target": "+48221234567",
        "to_display_target": "600",
        "machine_detected": 0,
    }


def rows(result: Result) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The lines of `sync --json`, by account, stream and day."""
    found = json.loads(result.stdout)["rows"]
    return {(row["account"], row["stream"], row["day"]): row for row in found}


def test_a_backfill_tells_every_day_and_is_seen_in_dagster(call: Call) -> None:
    days = ("--from", str(DAY), "--to", str(DAY + timedelta(days=1)), "--json")
    first = call("sync", *days)
    lines = rows(first)
    assert lines.keys() == {
        (name, stream, str(day))
        for name, stream in ((CONPEEK, "dialogs"), (CLICKFONO, "calls"))
        for day in (DAY, DAY + timedelta(days=1))
    }
    read = lines[CONPEEK, "dialogs", str(DAY)]
    assert (read["records"], read["new"], read["changed"], read["rejected"]) == (5, 5, 0, 0)
    assert read["state"] == "complete"
    made = sum(line["requests"] for line in lines.values())
    ledger = json.loads(call("sql", "SELECT id FROM ops.requests", "--format", "json").stdout)
    assert made == len(ledger)

    again = rows(call("sync", CONPEEK, *days))
    assert {(line["new"], line["changed"]) for line in again.values()} == {(0, 0)}
    assert again[CONPEEK, "dialogs", str(DAY)]["records"] == 5

    with dg.DagsterInstance.get() as instance:
        runs = instance.get_runs(dg.RunsFilter(tags={"callhouse/kind": "backfill"}))
        assert [run.status for run in runs] == [dg.DagsterRunStatus.SUCCESS] * 3
        assert {run.tags["callhouse/vendor"] for run in runs} == {"conpeek", "clickfono"}
        key = dg.AssetKey(["conpeek", "dialogs"])
        assert instance.get_materialized_partitions(key) >= {str(DAY)}


def test_a_poll_reads_what_is_due_and_says_what_is_not(call: Call) -> None:
    told = call("sync").stdout
    assert "dialogs" in told
    assert "5 new" in told
    again = json.loads(call("sync", "--json").stdout)
    assert again["ok"]
    assert again["rows"] == []
    assert {(s["account"], s["why"].partition(":")[0]) for s in again["skipped"]} == {
        (CONPEEK, "not due"),
        (CLICKFONO, "not due"),
    }


def test_a_first_day_is_read_where_it_has_begun_and_where_it_has_not(
    call: Call, environment: Mapping[str, str]
) -> None:
    """Accounts that all begin today, one with the last clocks of the world and one with the first:
    there is no yesterday among the days, and two todays.
    """
    file = Path(environment["CALLHOUSE_ACCOUNTS"])
    text, todays = file.read_text(encoding="utf-8"), []
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        todays.append(datetime.now(ZoneInfo(zone)).date())
        text = text.replace('"UTC"', f'"{zone}"', 1).replace(f"= {DAY}", f"= {todays[-1]}", 1)
    file.write_text(text, encoding="utf-8")
    told = json.loads(call("sync", "--json").stdout)
    assert told["ok"]
    assert {(row["account"], row["day"]) for row in told["rows"]} == {
        (CONPEEK, str(todays[0])),
        (CLICKFONO, str(todays[1])),
    }
    assert json.loads(call("sync", "--from", str(max(todays)), "--json").stdout)["ok"]


def test_one_stream_alone(call: Call) -> None:
    lines = rows(call("sync", "--stream", "dialogs", "--from", str(DAY), "--json"))
    assert {stream for _, stream, _ in lines} == {"dialogs"}


def test_one_failing_account_fails_alone(call: Call, santiago: Tenant) -> None:
    santiago.arm(Fault.status(418), times=20)
    result = call("sync", "--from", str(DAY), "--json", exit_code=1)
    lines = rows(result)
    assert lines[CONPEEK, "dialogs", str(DAY)]["state"] == "complete"
    failed = lines[CLICKFONO, "calls", str(DAY)]
    assert failed["state"] == "failed"
    assert "HTTP 418" in failed["why"]
    assert failed["requests"] == 1
    status = call("status").stdout
    assert "HTTP 418" in status


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nobody",), "no account 'nobody'"),
        (("--stream", "gossip"), "no stream 'gossip'"),
        (("--from", "2999-01-01"), "in the future"),
        (("--from", str(DAY), "--to", str(DAY - timedelta(days=1))), "is before --from"),
        (("--from", "yesterday"), "yesterday"),
        (("--to", str(DAY)), "--to needs --from"),
    ],
)
def test_a_wrong_wish_is_refused(call: Call, arguments: tuple[str, ...], told: str) -> None:
    assert told in " ".join(call("sync", *arguments, exit_code=2).output.split())


def test_days_before_the_account_began_are_left_out(call: Call) -> None:
    lines = rows(call("sync", CONPEEK, "--from", "2020-01-01", "--to", str(DAY), "--json"))
    assert [day for _, _, day in lines] == [str(DAY)]
    before = json.loads(call("sync", "--from", "2020-01-01", "--json").stdout)
    assert before["rows"] == []
    assert len(before["skipped"]) == 2


def test_a_wrong_accounts_file_is_refused_whole(call: Call, tmp_path: Path) -> None:
    (tmp_path / "accounts.toml").write_text(f'[accounts.x]\ntoken = "{SECRET}"\n')
    result = call("sync", exit_code=2)
    assert result.stdout == ""
    assert result.stderr.count("accounts.x") == 4
    call("check", exit_code=1)


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


def test_facts_and_marts_are_made_anew(call: Call, standin: StandIn) -> None:
    call("sync", "--from", str(DAY))
    count = ("sql", "SELECT count(*) FROM facts.calls", "--format", "csv")
    calls = call(*count).stdout
    _change("DELETE FROM facts.calls")
    _change("DELETE FROM marts.calls_by_day")
    asked = len(standin.requests)
    told = json.loads(call("rebuild", "--from", str(DAY), "--json").stdout)
    assert told["ok"]
    assert {(row["stream"], row["records"], row["requests"]) for row in told["rows"]} == {
        ("dialogs", 5, 0)
    }
    assert call(*count).stdout == calls
    assert len(standin.requests) == asked
    _change("DELETE FROM marts.calls_by_day")
    assert "were up to date already" in call("refresh-marts").stdout
    assert "are up to date" in call("refresh-marts", "--from", str(DAY)).stdout
    of_marts = call("sql", "SELECT sum(calls) FROM marts.calls_by_day", "--format", "csv").stdout
    assert of_marts.split()[1] == calls.split()[1]


def _change(statement: str) -> None:
    with psycopg.connect(os.environ["CALLHOUSE_DATABASE_URL"]) as connection:
        connection.execute(statement)


def test_nothing_due_needs_no_dagster(call: Call, environment: Mapping[str, str]) -> None:
    """That takes seconds to load."""
    call("sync")
    code = (
        "import sys; from typer.testing import CliRunner; from pipelines.cli import app;"
        "result = CliRunner().invoke(app, ['sync', '--json']);"
        "print(result.exit_code, 'not due' in result.output, 'dagster' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["0", "True", "False"]


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
    # The days of which its window showed nothing are read alone before they are complete.
    assert (dialogs["complete"], dialogs["unread"], dialogs["rejects"]) == (1, 0, 0)
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


def test_up_without_its_database(environment: Mapping[str, str]) -> None:
    nowhere = {"CALLHOUSE_DATABASE_URL": "postgresql://nobody:secret@127.0.0.1:1/none"}
    done = run(f"up --port {free_port()}", {**environment, **nowhere}, given="")
    assert done.returncode == 1
    assert "The warehouse doesn't answer: " in done.stderr
    assert "secret" not in done.stderr


def test_sql_prints_a_table_csv_and_json(call: Call) -> None:
    query = "SELECT 1 AS one, 2.50::numeric AS price, NULL AS nothing, true AS yes, 'a\"b' AS text"
    table = call("sql", query).stdout
    assert "price" in table
    assert "1 row" in table
    line, *_ = csv.DictReader(io.StringIO(call("sql", query, "--format", "csv").stdout))
    assert line == {"one": "1", "price": "2.50", "nothing": "", "yes": "yes", "text": 'a"b'}
    assert json.loads(call("sql", query, "--format", "json").stdout) == [
        {"one": 1, "price": 2.5, "nothing": None, "yes": True, "text": 'a"b'}
    ]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT nonsense", 'column "nonsense" does not exist'),
        ("SELECT call_dat FROM facts.calls", 'Perhaps you meant to reference the column "calls.'),
        ("DELETE FROM facts.calls", "it only reads here, unless you say `callhouse sql --write`"),
        ("COPY (SELECT 1) TO PROGRAM 'true'", "permission denied to COPY"),
        ("SELECT 1; COMMIT; DELETE FROM facts.calls", "cannot insert multiple commands"),
        ("SET search_path = facts", "returns no rows"),
    ],
)
def test_sql_says_what_is_wrong_in_a_sentence(call: Call, query: str, told: str) -> None:
    result = call("sql", query, exit_code=1)
    assert result.stdout == ""
    assert told in " ".join(result.stderr.split())


ESCAPE = "SELECT chr(27) || '[2J' AS said, chr(155) || '31m' AS more"


@pytest.mark.parametrize(
    "form", ["table", *(pytest.param(form, marks=pytest.mark.long) for form in ("csv", "json"))]
)
def test_a_terminal_gets_nothing_that_it_would_obey(
    environment: Mapping[str, str], form: str
) -> None:
    """What records hold reaches a file as it is, and a terminal harmlessly."""
    ours, theirs = pty.openpty()
    callhouse = str(Path(sys.executable).with_name("callhouse"))
    command = [callhouse, "sql", "--format", form, ESCAPE]
    with subprocess.Popen(command, env=environment, stdout=theirs) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # how a terminal ends on Linux
            while piece := os.read(ours, 65_536):
                shown += piece
        assert process.wait() == 0
    os.close(ours)
    assert b"[2J" in shown
    assert b"\x1b[2J" not in shown
    assert b"\xc2\x9b" not in shown


def test_psql_opens_on_the_warehouse(environment: Mapping[str, str]) -> None:
    done = run("sql", environment, given="SELECT 6 * 7 AS answer;\n")
    assert done.returncode == 0, done.stderr
    assert "42" in done.stdout


def test_sql_writes_only_where_that_is_asked_for(
    call: Call, environment: Mapping[str, str]
) -> None:
    made = "CREATE TABLE public.psqls (n int);\n"
    assert "read-only transaction" in run("sql", environment, given=made).stderr
    assert run("sql --write", environment, given=made).stderr == ""
    call("sql", "CREATE TABLE public.ours (n int)", exit_code=1)
    assert "CREATE TABLE" in call("sql", "--write", "CREATE TABLE public.ours (n int)").stdout
    call("sql", "TABLE public.ours")
    call("sql", "--write", "DROP TABLE public.ours, public.psqls")


@pytest.mark.long
def test_two_passes_at_once(environment: Mapping[str, str], database_url: str) -> None:
    """Neither fails, nothing is there twice, no limit is broken (see `standin`). They are the first
    on this database: both would lay Dagster's tables.
    """
    first = {**environment, "CALLHOUSE_DATABASE_URL": database_url}
    passes = [start(f"sync --from {DAY} --json", first) for _ in range(2)]
    told = [process.communicate(timeout=110) for process in passes]
    print(*(out + err for out, err in told))
    assert [process.returncode for process in passes] == [0, 0]
    lines = [
        row for out, _ in told for row in json.loads(out)["rows"] if row["stream"] == "dialogs"
    ]
    assert sum(line["new"] for line in lines) == 5
    assert {line["state"] for line in lines} == {"complete"}
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM facts.call_legs").fetchone() == (5,)
        assert connection.execute("SELECT count(*) FROM raw.records").fetchone() == (5,)


@pytest.mark.long
def test_an_interrupted_pass_ends_soon_and_says_so(
    environment: Mapping[str, str], santiago: Tenant
) -> None:
    santiago.arm(Fault.status(429, retry_after="600"), times=9)
    process = start(f"sync --from {DAY}", environment)
    deadline = time.monotonic() + 60
    while not _waits(environment) and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1, err
    assert "interrupted; what had been read is kept" in out


def _waits(environment: Mapping[str, str]) -> bool:
    with psycopg.connect(environment["CALLHOUSE_DATABASE_URL"]) as connection:
        return bool(connection.execute("SELECT FROM ops.waiters").fetchall())


def start(command: str, environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [Path(sys.executable).with_name("callhouse"), *command.split()],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(command: str, environment: Mapping[str, str], given: str) -> Any:
    process = start(command, environment)
    out, err = process.communicate(given, timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


CALLER, NATIONAL = "+48505550177", "505 550 177"


def test_a_caller_is_told_and_forgotten(
    call: Call, warsaw: Tenant, database_url_with_dagster: str, tmp_path: Path
) -> None:
    """Also by Dagster's history and by logs, and whatever is done afterwards."""
    warsaw.put([dialog(40) | {"from_display_target": NATIONAL}, dialog(41)])
    day = ("--from", str(DAY), "--json")
    call("sync", *day)
    home = tmp_path / "home"
    (home / "logs").mkdir(exist_ok=True)
    (home / "logs" / "own.log").write_text(f"called by {CALLER}\n")
    with closing(psycopg.connect(database_url_with_dagster, autocommit=True)) as connection:
        connection.execute(
            "UPDATE dagster.event_logs SET event = jsonb_set(event::jsonb, '{user_message}', %s)"
            " WHERE id = (SELECT max(id) FROM dagster.event_logs)", [json.dumps(f"of {CALLER}")],
        )  # fmt: skip
    with closing(Warehouse(database_url_with_dagster)) as warehouse:

        def searched() -> dict[str, int]:
            return places_of(warehouse, home, [NATIONAL])

        known = json.loads(call("export-person", "--number", CALLER).stdout)
        assert known["records"] == 1
        assert known["tables"]["raw.records"][0]["payload"]["from_display_target"] == NATIONAL
        assert known["tables"]["facts.calls"][0]["from_e164"] == CALLER
        before = searched()
        assert before.keys() >= {"dagster.event_logs", "logs/own.log"}
        told = call("forget", "--number", NATIONAL, "--dry-run").stdout
        assert "raw.records" in told
        assert "Nothing was changed" in told
        assert searched() == before
        assert "ops.erasures has the proof" in call("forget", "--number", CALLER).stdout
        assert searched() == {}
        assert json.loads(call("export-person", "--number", CALLER).stdout)["tables"] == {}
        for again in (("sync", *day), ("rebuild", *day), ("forget", "--again")):
            call(*again)
            assert searched() == {}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--number", "600"), "no telephone number of CL, PL"),
        (("--number", CALLER, "--account", CONPEEK), "whom:"),
        (("--key", "d-1"), "a record is --key K --account A --stream S"),
        (("--key", "d-1", "--account", "nobody", "--stream", "dialogs"), "nothing was ever read"),
        (("--account", CONPEEK, "--keep-calls"), "go with --number"),
        ((), "whom:"),
    ],
)
def test_whom_to_forget_must_be_clear(call: Call, arguments: tuple[str, ...], told: str) -> None:
    for name, vendor in ((CONPEEK, "conpeek"), (CLICKFONO, "clickfono")):
        _change(
            f"INSERT INTO ops.streams (account, stream, vendor) VALUES ('{name}', '', '{vendor}')"
        )
    result = call("forget", *arguments, exit_code=1 if "nobody" in arguments else 2)
    assert told in result.stderr
