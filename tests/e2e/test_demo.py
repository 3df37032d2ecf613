"""`make demo` as a newcomer has it: every stream lands, a second pass writes nothing, all ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from resources.configuration.home import Home
from resources.embedded.local_postgres import LocalPostgres
from resources.standin.demo import DEMO_TENANTS
from resources.vendors import discover


@pytest.mark.long
@pytest.mark.timeout(600)
def test_every_stream_lands_and_nothing_stays(open_folder: Path) -> None:
    home = open_folder / "with a blank"
    done = subprocess.run(
        [Path(sys.executable).with_name("callhouse"), "demo"],
        env={
            **os.environ,
            "CALLHOUSE_HOME": str(home),
            "CALLHOUSE_DATABASE_URL": "postgresql://a-real-warehouse.invalid/calls",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    landed = [line.split("│")[1:5] for line in done.stdout.splitlines() if "raw.records" in line]
    found = {(account.strip(), stream.strip()) for _, account, stream, _ in landed}
    assert found == {
        (tenant.name, stream)
        for tenant in DEMO_TENANTS
        for stream in tenant.account.get("streams", discover()[tenant.vendor].default_streams)
    }
    assert " 0 new, 0 changed, 0 rejected" in done.stdout
    assert done.stdout.count("invented") == 2
    # The command that it ends with is one to paste.
    command = done.stdout.splitlines()[-1].removeprefix("Ask it more:  ")
    asked = subprocess.check_output(f'{command} "SELECT count(*) > 0 AS any FROM facts.calls"',
                                    shell=True, text=True)  # fmt: skip
    assert "yes" in asked
    assert LocalPostgres(Home(home / "demo")).stop_if_unused()
