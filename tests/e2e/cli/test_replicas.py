"""Other servers with what analysts read, made as the page of scale says: a replica, and a copy."""

import os
import re
import shlex
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from assets.maintenance import expiry
from resources.configuration.home import CHECKOUT, Home
from resources.embedded.local_postgres import LocalPostgres
from resources.embedded.ports import free_port
from resources.embedded.server import ADMIN
from resources.embedded.server_user import ServerUser
from resources.postgres.database import connect, libpq
from resources.postgres.warehouse import Warehouse
from resources.standin import Tenant
from tests.e2e.cli.command import CALLER, DAY, NATIONAL, Call, dialog

PAGE = CHECKOUT / "docs" / "operators" / "scale.md"
PATIENCE_S = 30
READ = """
SELECT format('%I.%I', n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname IN ('facts', 'masked', 'marts') AND c.relkind IN ('r', 'p', 'v')
"""
CANNOT = "the database can only be read, as a replica can"


def blocks(heading: str) -> list[str]:
    """The blocks of a section of the page, in order."""
    section = PAGE.read_text(encoding="utf-8").split(f"### {heading}\n")[1].split("\n#")[0]
    return re.findall(r"^```text\n(.*?)^```", section, re.DOTALL | re.MULTILINE)


@contextmanager
def a_server(folder: Path) -> Iterator[LocalPostgres]:
    """Of the test's own; it ends with the block."""
    server = LocalPostgres(Home(folder))
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def primary(open_folder: Path) -> Iterator[LocalPostgres]:
    """A server that others may follow."""
    with a_server(open_folder / "primary") as server:
        with closing(connect(server.url("postgres", ADMIN), "test", autocommit=True)) as admin:
            admin.execute("ALTER SYSTEM SET wal_level = logical")
            admin.execute("ALTER SYSTEM SET fsync = off")
        server.stop()
        server.start()
        yield server


@pytest.fixture
def load(call: Call, primary: LocalPostgres) -> Call:
    """Commands whose warehouse is on that server."""
    os.environ["CALLHOUSE_DATABASE_URL"] = primary.url()
    call("migrate")
    return call


def run(url: str, block: str) -> None:
    """The statements of a block, each by itself, and those that one tells, as psql does it."""
    with closing(connect(url, "test", autocommit=True)) as connection:
        statements = re.sub(r"^--.*$", "", block, flags=re.MULTILINE)
        for statement, end in re.findall(r"(.+?)(;|\\gexec)\s*(?=\n|$)", statements, re.DOTALL):
            told = connection.execute(statement.encode())
            if end != ";":
                for (made,) in told.fetchall():
                    connection.execute(made.encode())


def content(url: str) -> dict[str, Any]:
    """What analysts may read, in order."""
    with closing(connect(url, "test")) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        names = [name for (name,) in connection.execute(READ.encode())]
        return {
            name: sorted(
                row for (row,) in connection.execute(f"SELECT t::text FROM {name} t".encode())
            )
            for name in names
        }


def wait_until_alike(one: str, other: str) -> dict[str, Any]:
    """Until the other has what the one has; returns that."""
    until = time.monotonic() + PATIENCE_S
    while (expected := content(one)) != (found := content(other)) and time.monotonic() < until:
        time.sleep(0.3)
    assert found == expected
    return found


@pytest.mark.long
def test_a_replica(load: Call, primary: LocalPostgres, open_folder: Path) -> None:
    """Everything that only reads works there; the rest says why not."""
    load("sync", "--from", str(DAY))
    user, data, port = ServerUser.current(), open_folder / "replica", free_port()
    data.mkdir(mode=0o700)
    user.own(data)
    role, command = blocks("A replica")
    run(primary.url("postgres", ADMIN), role)
    words = shlex.split(command.replace("\\\n", ""))
    own = {
        "postgresql://replica:secret@db.example.com": libpq(
            sa.make_url(primary.url("postgres")).set(username="replica", password="secret"), "test"
        ),
        "/srv/replica": str(data),
    }
    words = [next((w.replace(k, v) for k, v in own.items() if k in w), w) for w in words]
    made = user.run(user.binaries() / words[0], *words[1:])
    assert made.returncode == 0, made.stderr
    control = (user.binaries() / "pg_ctl", "-D", data, "-w")
    options = f"-p {port} -c hot_standby_feedback=on"
    started = user.run(*control, "-l", data / "log", "-o", options, "start")
    assert started.returncode == 0, started.stderr
    try:
        replica = sa.make_url(primary.url()).set(port=port).render_as_string(hide_password=False)
        assert wait_until_alike(primary.url(), replica)["facts.calls"]
        os.environ["CALLHOUSE_DATABASE_URL"] = replica
        assert "5" in load("sql", "SELECT count(*) FROM facts.calls").stdout
        load("status")
        load("analyst", "list")
        load("export-person", "--number", CALLER)
        load("backup", str(open_folder / "backup"))
        for words in (["migrate"], ["sync"], ["refresh-marts"], ["analyst", "add", "ann"]):
            assert CANNOT in load(*words, exit_code=1).stderr, words
        assert CANNOT in load("check", exit_code=1).stdout
    finally:
        user.run(*control, "-m", "immediate", "stop")


@pytest.mark.long
def test_a_copy(load: Call, primary: LocalPostgres, open_folder: Path, warsaw: Tenant) -> None:
    """It has what the warehouse has: days that are new, calls that changed, people who were
    forgotten, days that are gone.
    """
    later = DAY + timedelta(days=1)
    warsaw.put([dialog(40) | {"from_display_target": NATIONAL}])
    load("sync", "--from", str(DAY))
    publish, prepare, days, subscribe = blocks("A copy")
    run(primary.url("callhouse", ADMIN), publish)
    days = days.replace("2026-01-01", str(DAY))
    with a_server(open_folder / "copy") as server:
        source, copy, admin = primary.url(), server.url(), server.url("callhouse", ADMIN)
        os.environ["CALLHOUSE_DATABASE_URL"] = copy
        load("migrate")
        run(copy, prepare)
        run(copy, days)
        follows = subscribe.replace(
            "host=db.example.com user=postgres password=secret dbname=callhouse",
            psycopg.conninfo.make_conninfo(primary.url("callhouse", ADMIN)),
        )
        run(admin, follows)
        assert len(wait_until_alike(source, copy)["facts.calls"]) == 6
        os.environ["CALLHOUSE_DATABASE_URL"] = source
        times = {"start_time": f"{later} 10:00:00", "hangup_time": f"{later} 10:05:00"}
        warsaw.put([dialog(2) | {"talking_time": 9000}, dialog(41) | times])
        load("sync", "--from", str(DAY), "--to", str(later))
        load("refresh-marts")
        found = wait_until_alike(source, copy)
        assert len(found["facts.calls"]) == 7
        assert any(",d-2," in row and ",9," in row for row in found["facts.calls"])
        load("forget", "--number", CALLER)
        load("refresh-marts")
        assert len(wait_until_alike(source, copy)["facts.calls"]) < 7
        with closing(Warehouse(source)) as warehouse:
            assert expiry.drop_facts(warehouse, later).dropped
        left = content(source)["facts.calls"]
        assert len(content(copy)["facts.calls"]) > len(left), "a DROP isn't replicated"
        time.sleep(1)
        run(copy, days)
        assert wait_until_alike(source, copy)["facts.calls"] == left
