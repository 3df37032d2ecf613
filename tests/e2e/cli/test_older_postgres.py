"""A warehouse on Postgres 16 is backed up, and restored into the embedded server of today."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.embedded.ports import LOOPBACK, free_port
from resources.embedded.server_user import ServerUser
from resources.standin import Tenant
from tests.conftest import fresh_database
from tests.e2e.cli.command import (
    DAY,
    Call,
)
from tests.e2e.cli.test_backup import tables

VARIABLE = "OLDER_POSTGRES"
BINARIES = [
    *([Path(os.environ[VARIABLE])] if VARIABLE in os.environ else []),
    *sorted(Path("/usr/lib/postgresql").glob("1[67]/bin")),
]
"""Folders of the programs of another Postgres, oldest first."""


@pytest.fixture
def older_url(open_folder: Path) -> Iterator[str]:
    if not BINARIES:
        pytest.skip(f"needs Postgres 16 or 17: install it, or set {VARIABLE} to its programs")
    programs = BINARIES[0]
    user, folder, port = ServerUser.current(), open_folder / "older", free_port()
    folder.mkdir()
    user.own(folder)
    made = user.run(
        programs / "initdb", "-D", folder / "data", "-U", "callhouse", "-A", "trust", "-E", "UTF8"
    )
    assert made.returncode == 0, made.stderr
    options = f"-p {port} -c listen_addresses={LOOPBACK} -c unix_socket_directories= -c fsync=off"
    control = (programs / "pg_ctl", "-D", folder / "data", "-w")
    started = user.run(*control, "-l", folder / "log", "-o", options, "start")
    assert started.returncode == 0, started.stderr
    yield f"postgresql://callhouse@{LOOPBACK}:{port}/postgres"
    user.run(*control, "-m", "immediate", "stop")


@pytest.mark.long
def test_a_warehouse_moves_to_another_major_version(
    older_url: str,
    call: Call,
    warsaw: Tenant,
    postgres_url: str,
    tmp_path: Path,
) -> None:
    os.environ["CALLHOUSE_DATABASE_URL"] = older_url
    call("migrate")
    call("sync", "--from", str(DAY))
    call("refresh-marts")
    before = tables(older_url)
    call("backup", str(tmp_path / "backup"))
    with fresh_database(postgres_url, template="template0") as restored:
        os.environ["CALLHOUSE_DATABASE_URL"] = restored
        told = call("restore", str(tmp_path / "backup")).stdout
        assert "every day's rows are what was dumped" in told
        assert tables(restored) == before
        again = call("sync", "--from", str(DAY), "--json").stdout
        assert '"new": 0' in again, "the restored warehouse knows what it has"
        call("check")
