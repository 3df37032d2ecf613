"""`callhouse sync`, `backfill`, `rebuild` and `refresh-marts`: what passes read, and say."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from resources.standin import Fault, StandIn, Tenant
from tests.e2e.cli.command import (
    CLICKFONO,
    CONPEEK,
    DAY,
    SECRET,
    Call,
    account,
    change,
    rows,
)
from tests.model.vendors import HANDLED, UNCONNECTED, Thing


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


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("2999-01-01", "2999-01-01", "in the future"),
        (str(DAY), str(DAY - timedelta(days=1)), "is before --from"),
    ],
)
def test_marts_of_no_day_are_not_refreshed(call: Call, first: str, last: str, told: str) -> None:
    result = call("refresh-marts", "--from", first, "--to", last, exit_code=2)
    assert told in " ".join(result.stderr.split())
    assert result.stdout == ""


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


def test_a_day_that_has_begun_nowhere_is_not_rebuilt(call: Call) -> None:
    told = call("rebuild", "--from", "2999-01-01", exit_code=2).output
    assert "in the future" in " ".join(told.split())


def test_facts_and_marts_are_made_anew(call: Call, standin: StandIn) -> None:
    call("sync", "--from", str(DAY))
    count = ("sql", "SELECT count(*) FROM facts.calls", "--format", "csv")
    calls = call(*count).stdout
    change("DELETE FROM facts.calls")
    change("DELETE FROM marts.calls_by_day")
    asked = len(standin.requests)
    told = json.loads(call("rebuild", "--from", str(DAY), "--json").stdout)
    assert told["ok"]
    assert {(row["stream"], row["records"], row["requests"]) for row in told["rows"]} == {
        ("dialogs", 5, 0)
    }
    assert call(*count).stdout == calls
    assert len(standin.requests) == asked
    change("DELETE FROM marts.calls_by_day")
    assert "were up to date already" in call("refresh-marts").stdout
    assert "are up to date" in call("refresh-marts", "--from", str(DAY)).stdout
    of_marts = call("sql", "SELECT sum(calls) FROM marts.calls_by_day", "--format", "csv").stdout
    assert of_marts.split()[1] == calls.split()[1]


def test_marts_of_days_before_the_accounts_begin_are_made_anew(call: Call, tmp_path: Path) -> None:
    """As of an account that left, or that begins later by now."""
    call("sync", CONPEEK, "--from", str(DAY))
    change("DELETE FROM marts.calls_by_day")
    file = tmp_path / "accounts.toml"
    file.write_text(file.read_text().replace(f"{DAY}", f"{DAY + timedelta(days=1)}"))
    call("refresh-marts", "--from", str(DAY), "--to", str(DAY))
    counted = "SELECT sum(calls) FROM marts.calls_by_day"
    assert call("sql", counted, "--format", "csv").stdout.split()[1] == "5"


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


@pytest.mark.parametrize("days", [(), ("--from", str(DAY))])
def test_a_rebuild_is_of_all_that_is_stored(
    call: Call, standin: StandIn, environment: Mapping[str, str], days: tuple[str, ...]
) -> None:
    """Whatever first day and streams accounts.toml has by now."""
    name, begin = "test-bogota", f"start_date = {DAY}"
    tenant = standin.tenant("wolkvox", name, token=SECRET, timezone="UTC", min_interval_s=0)
    noon = datetime.combine(DAY, time(12), UTC)
    for kind in (HANDLED, UNCONNECTED):
        kind.put(tenant, Thing(1, noon, noon + timedelta(minutes=1), 10))
    path = Path(environment["CALLHOUSE_ACCOUNTS"])
    entry = account(standin, tenant) + "limits = { min_interval_s = 0 }\n"
    path.write_text(f'{entry}streams = ["calls", "unconnected_calls"]', encoding="utf-8")
    call("sync", "--from", str(DAY))
    later = entry.replace(begin, f"start_date = {DAY + timedelta(days=1)}")
    path.write_text(f'{later}streams = ["calls"]', encoding="utf-8")
    change("DELETE FROM facts.calls")
    made = rows(call("rebuild", *days, "--json"))
    assert made.keys() == {(name, stream, str(DAY)) for stream in ("calls", "unconnected_calls")}
    assert {line["records"] for line in made.values()} == {1}
    made = rows(call("rebuild", "--stream", "unconnected_calls", *days, "--json"))
    assert made.keys() == {(name, "unconnected_calls", str(DAY))}
