"""`callhouse sql`: a query's table, or psql; reads only."""

import contextlib
import csv
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.cli.command import (
    Call,
    run,
)


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
    odd = "SELECT 'NaN'::float8 AS a, ARRAY['-Infinity'::float8, 1] AS b"
    assert json.loads(call("sql", odd, "--format", "json").stdout, parse_constant=pytest.fail) == [
        {"a": "NaN", "b": ["-Infinity", 1.0]}
    ]


VALUES = (
    "SELECT age(date '2026-11-27', date '2026-02-25') AS span, ARRAY[interval '1 mon'] AS spans, "
    "'\\xdead'::bytea AS bytes, daterange('2026-01-01', NULL) AS days, ROW(1, 'a') AS row, "
    "'Infinity'::numeric AS endless, 12345678901234567.89::numeric AS long, "
    "0.0000001::numeric AS small, "
    """'{"n": 12345678901234567.89, "m": 0.5}'::jsonb AS json"""
)
TEXTS = {
    "span": "9 mons 2 days", "bytes": "\\xdead", "days": "[2026-01-01,)", "row": "(1,a)",
    "endless": "Infinity",
}  # fmt: skip


def test_sql_changes_no_value(call: Call) -> None:
    (line,) = csv.DictReader(io.StringIO(call("sql", VALUES, "--format", "csv").stdout))
    assert line == {
        **TEXTS, "spans": '["1 mon"]', "long": "12345678901234567.89", "small": "0.0000001",
        "json": '{"m": 0.5, "n": "12345678901234567.89"}',
    }  # fmt: skip
    assert json.loads(call("sql", VALUES, "--format", "json").stdout) == [
        {**TEXTS, "spans": ["1 mon"], "long": "12345678901234567.89", "small": 1e-07,
         "json": {"m": 0.5, "n": "12345678901234567.89"}}
    ]  # fmt: skip
    table = call("sql", VALUES).stdout
    assert all(
        text in table for text in (*TEXTS.values(), "12,345,678,901,234,567.89", "0.0000001")
    )


def test_sql_runs_a_query_that_begins_with_a_comment(call: Call) -> None:
    """As the report's do."""
    query = "-- What is it?\nSELECT 6 * 7 AS answer"
    assert call("sql", query, "--format", "csv").stdout == "answer\n42\n"
    assert "No such option" in call("sql", "--formt", "csv", query, exit_code=2).stderr


def test_json_drops_no_column_in_silence(call: Call) -> None:
    query = "SELECT 1 AS a, 2 AS a, 3 AS b"
    assert call("sql", query, "--format", "csv").stdout == "a,a,b\n1,2,3\n"
    told = " ".join(call("sql", query, "--format", "json", exit_code=1).stderr.split())
    assert "Several columns are named a, and JSON takes one of each name: rename them" in told


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT nonsense", 'column "nonsense" does not exist'),
        ("SELECT call_dat FROM facts.calls", 'Perhaps you meant to reference the column "calls.'),
        ("DELETE FROM facts.calls", "it only reads here, unless you say `callhouse sql --write`"),
        ("COPY (SELECT 1) TO PROGRAM 'true'", "permission denied to COPY"),
        ("SELECT 1; COMMIT; DELETE FROM facts.calls", "cannot insert multiple commands"),
        ("SET search_path = facts", "returns no rows"),
        ("COPY (SELECT 1) TO STDOUT", "COPY isn't a query: psql takes it"),
        ("SELECT '-infinity'::date", "'-infinity': ask for its text (…::text)"),
        ("SELECT time '24:00'", "ask for its text (…::text)"),
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


LACKED = r"a character ('\xf1') that its encoding, ascii, lacks: choose UTF-8"
ON_LINUX = pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has it")


@pytest.mark.parametrize("form", ["table", "csv", "json"])
@pytest.mark.parametrize(
    ("output", "encoding", "told"),
    [
        pytest.param("/dev/full", "utf-8", "No space left on device", marks=ON_LINUX),
        ("/dev/null", "ascii", LACKED),
    ],
)
def test_an_output_that_takes_no_more_is_told_in_a_sentence(
    environment: Mapping[str, str], form: str, output: str, encoding: str, told: str
) -> None:
    callhouse = str(Path(sys.executable).with_name("callhouse"))
    command = [callhouse, "sql", "--format", form, "SELECT 'ñ'"]
    speaking = {**os.environ, **environment, "PYTHONIOENCODING": encoding}
    with Path(output).open("wb") as taken:
        done = subprocess.run(
            command, env=speaking, stdout=taken, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


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
    twice = "INSERT INTO public.ours VALUES (1) RETURNING n AS a, n AS a"
    call("sql", "--write", "--format", "json", twice, exit_code=1)
    endless = "INSERT INTO public.ours VALUES (1) RETURNING 'infinity'::date"
    call("sql", "--write", endless, exit_code=1)
    assert "0 rows" in call("sql", "TABLE public.ours").stdout, "what is refused isn't written"
    call("sql", "--write", "DROP TABLE public.ours, public.psqls")
