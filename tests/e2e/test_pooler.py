"""The program itself behind PgBouncer in transaction mode, on a database with a zone of its own."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.storage import SCHEMA
from resources.embedded.ports import LOOPBACK, free_port
from resources.postgres.schema_version import head
from resources.standin import StandIn
from tests.pooler import LEFT_BEHIND, Pooler, in_every_session, needs_pgbouncer
from tests.waiting import wait_until

pytestmark = needs_pgbouncer

DAY = datetime.now(UTC).date() - timedelta(days=3)
NAME = "test-warsaw"
CALLHOUSE = Path(sys.executable).with_name("callhouse")


@pytest.fixture
def url(empty_database_url: str) -> Iterator[str]:
    """The way to a database without any table. What depends on options is refused."""
    name = sa.make_url(empty_database_url).database
    with psycopg.connect(empty_database_url, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Kathmandu'".encode())
    with Pooler(empty_database_url) as pooler:
        yield pooler.url(empty_database_url)


@pytest.fixture
def environment(url: str, tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """An account of which somebody called, a home of its own, and the way to the database."""
    with StandIn() as standin:
        tenant = standin.tenant("conpeek", NAME, token="a-token", timezone="UTC")
        tenant.put([dialog(number) for number in range(5)])
        (tmp_path / "accounts.toml").write_text(
            f"""
            [accounts.{NAME}]
            vendor = "conpeek"
            base_url = "{standin.url(tenant)}"
            timezone = "UTC"
            start_date = {DAY}
            credentials.token.env = "A_TOKEN"
            """,
            encoding="utf-8",
        )
        yield {
            "CALLHOUSE_HOME": str(tmp_path / "home"),
            "CALLHOUSE_ACCOUNTS": str(tmp_path / "accounts.toml"),
            "CALLHOUSE_DATABASE_URL": url,
            "A_TOKEN": "a-token",
        }


def dialog(number: int) -> dict[str, Any]:
    return {
        "dialog_uuid": f"d-{number}",
        "dialog_type": "EXTERNAL",
        "business_direction": "INBOUND",
        "start_time": f"{DAY} 23:{number:02}:00",
        "hangup_time": f"{DAY} 23:{number:02}:30",
        "talking_time": 1500,
        "from_display_target": "+48221234567",
        "to_display_target": "600",
    }


def start(*arguments: str, environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [CALLHOUSE, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.long
def test_every_command(
    environment: Mapping[str, str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First two machines at once, on a database in which nothing is yet."""
    passes = [start("sync", "--from", str(DAY), "--json", environment=environment) for _ in "ab"]
    told = [process.communicate(timeout=110)[0] for process in passes]
    assert [process.returncode for process in passes] == [0, 0], told
    assert sum(row["new"] for text in told for row in json.loads(text)["rows"]) == 5

    monkeypatch.setattr(os, "environ", {**os.environ, **environment})

    def call(*arguments: str) -> str:
        result = CliRunner().invoke(app, list(arguments))
        assert result.exit_code == 0, result.output
        return result.stdout

    assert f"version {head()}" in call("migrate")
    assert "0 rejected" in call("sync")
    assert "answers (dialogs)" in call("check")
    for _ in range(10):
        query = "SELECT started_at, started_at::text AS text FROM facts.call_legs ORDER BY 1"
        first, *_ = json.loads(call("sql", query, "--format", "json"))
        assert first["started_at"] == f"{DAY}T23:00:00+00:00"
        assert first["text"] == f"{DAY} 23:00:00+00"
    status = json.loads(call("status", "--json"))
    last = datetime.fromisoformat(status["streams"][0]["last_success_at"])
    assert last.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - last) < timedelta(minutes=5)

    tables = "SELECT schemaname FROM pg_tables WHERE tablename IN ('runs', 'event_logs', 'kvs')"
    assert set(in_every_session(url, tables)) == {SCHEMA}
    assert in_every_session(url, LEFT_BEHIND) == []


@pytest.mark.long
@pytest.mark.timeout(900)
def test_up(url: str, environment: Mapping[str, str]) -> None:
    """Schedules, sensors, runs, marts and the UI; then nothing is left behind."""
    port = free_port()
    up = start("up", "--port", str(port), environment=environment)
    try:
        wait_until(lambda: is_polled(port), 400)
        # Not one of whoever may leave something behind.
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
            counted = "SELECT sum(calls) FROM marts.calls_by_day"
            wait_until(lambda: connection.execute(counted).fetchone() == (5,), 200)
    finally:
        up.send_signal(signal.SIGINT)
        said, _ = up.communicate(timeout=60)
    assert up.returncode == 0, said
    assert in_every_session(url, LEFT_BEHIND) == []


def is_polled(port: int) -> bool:
    """Whether a poll is over, as the UI is told."""
    query = "{ runsOrError { ... on Runs { results { jobName status } } } }"
    request = urllib.request.Request(
        f"http://{LOOPBACK}:{port}/graphql",
        json.dumps({"query": query}).encode(),
        {"content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            results = json.load(answer)["data"]["runsOrError"]["results"]
    except OSError:
        return False
    assert all(run["status"] != "FAILURE" for run in results), results
    return {"jobName": "conpeek_poll", "status": "SUCCESS"} in results
