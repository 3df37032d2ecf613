"""Passes at once, and one that is interrupted."""

import json
import signal
import time
from collections.abc import Mapping

import psycopg
import pytest

from resources.standin import Fault, Tenant
from tests.e2e.cli.command import DAY, start


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
