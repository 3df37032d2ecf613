"""The command line as people and scripts have it: in this process, or in one of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from typer.testing import Result

from resources.standin import StandIn, Tenant

SECRET = "hunter2-hunter2"
CONPEEK, CLICKFONO = "test-warsaw", "test-santiago"
CALLER, NATIONAL = "+48505550177", "505 550 177"
DAY = datetime.now(UTC).date() - timedelta(days=3)
Call = Callable[..., Result]


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


def change(statement: str) -> None:
    """Executes a statement on the warehouse."""
    with psycopg.connect(os.environ["CALLHOUSE_DATABASE_URL"]) as connection:
        connection.execute(statement)
