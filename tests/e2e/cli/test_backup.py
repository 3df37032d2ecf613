"""A backup is restored elsewhere, by the steps of the runbook: all of it, and nobody forgotten."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from assets.maintenance import expiry
from assets.privacy import forget
from resources.configuration.home import CHECKOUT
from resources.embedded import dump
from resources.embedded.dump import DumpRequest
from resources.errors import CallhouseError
from resources.postgres.database import DAGSTER_URL, connect
from resources.postgres.migration import migrate
from resources.postgres.schema_version import SchemaError, require_head
from resources.postgres.warehouse import Warehouse
from resources.standin import Tenant
from tests.conftest import fresh_database
from tests.e2e.cli.command import (
    CALLER,
    CLICKFONO,
    CONPEEK,
    DAY,
    NATIONAL,
    Call,
    dialog,
)
from tests.privacy_site import places_of

RUNBOOK = CHECKOUT / "docs" / "operators" / "runbook.md"


def steps() -> Iterator[str]:
    """The commands of the runbook's section, in order."""
    text = RUNBOOK.read_text(encoding="utf-8")
    section = text.split("## Backup and restore\n")[1].split("\n## ")[0]
    for block in re.findall(r"```console\n(.*?)```", section, re.DOTALL):
        yield from (line.removeprefix("$ ") for line in block.splitlines())


def tables(url: str) -> Any:
    """Everything that is in a database, in figures."""
    with connect(url, "test") as connection:
        return dict(dump._digests(connection, DumpRequest()))


def trust(url: str) -> Any:
    """How far Warsaw's day is trusted."""
    mine = f"WHERE account = '{CONPEEK}' AND call_date = '{DAY}'"
    with psycopg.connect(url) as connection:
        return connection.execute(f"SELECT trust FROM marts.trust_by_day {mine}").fetchall()[0][0]


@pytest.mark.long
def test_the_runbooks_steps(
    call: Call,
    warsaw: Tenant,
    postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A person who was forgotten after the backup doesn't come back by it."""
    warsaw.put([dialog(40) | {"from_display_target": NATIONAL}, dialog(41)])
    call("sync", "--from", str(DAY))
    call("refresh-marts")
    monkeypatch.chdir(tmp_path)
    url = os.environ["CALLHOUSE_DATABASE_URL"]
    before = tables(url)
    done = []
    with fresh_database(postgres_url, template="template0") as restored:
        for step in steps():
            words = shlex.split(step)
            if words[0] == "export":
                call("forget", "--number", CALLER)
                del os.environ[DAGSTER_URL]  # of the sync, which ran in this process
                os.environ["CALLHOUSE_DATABASE_URL"] = restored
                continue
            done.append(words[1])
            told = call(*words[1:]).stdout
            if words[1] == "restore":
                assert "every day's rows are what was dumped" in told
                assert "is so again (1 erasures)" in told
        assert done == ["backup", "restore", "forget", "check", "status"]
        after = tables(restored)
        assert before.keys() == after.keys()
        assert before["dagster.event_logs"] == after["dagster.event_logs"]
        day = str(DAY)
        for table in ("raw.records", "facts.calls", "facts.call_legs"):
            assert before[table][day][0] == after[table][day][0] + 1, "all but the forgotten one"
        warehouse = Warehouse(restored)
        assert places_of(warehouse, tmp_path / "home", [NATIONAL]) == {}
        call("sync", "--from", str(DAY))
        call("rebuild", "--from", str(DAY))
        assert places_of(warehouse, tmp_path / "home", [NATIONAL]) == {}
        warehouse.close()
        refused = call("restore", "backups/today", exit_code=1).stderr
        assert "The database isn't empty" in refused
    assert "is there already" in call("backup", "backups/today", exit_code=1).stderr
    assert "is no whole backup" in call("restore", "backups", exit_code=1).stderr


def test_who_was_being_forgotten_during_the_backup_is_forgotten_again(
    call: Call,
    warsaw: Tenant,
    postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warsaw.put([dialog(40) | {"from_display_target": NATIONAL}, dialog(41)])
    call("sync", "--from", str(DAY))
    backup, erase = str(tmp_path / "backup"), forget._erase

    def erase_after_backup(*asked: Any) -> Any:
        call("backup", backup)
        return erase(*asked)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(forget, "_erase", erase_after_backup)
        call("forget", "--number", CALLER)
    with fresh_database(postgres_url, template="template0") as restored:
        os.environ["CALLHOUSE_DATABASE_URL"] = restored
        assert "is so again (1 erasures)" in call("restore", backup).stdout
        with closing(Warehouse(restored)) as warehouse:
            assert places_of(warehouse, tmp_path / "home", [NATIONAL]) == {}
            assert len(warehouse.rows("erase/ended")) == 1


NOBODYS_DAYS = """
SELECT oid::regclass::text FROM pg_class
 WHERE relnamespace = 'facts_partitions'::regnamespace AND relkind = 'r' AND NOT relispartition
   AND right(relname, 8) IN (SELECT to_char(call_date, 'YYYYMMDD') FROM ops.days)
"""


@pytest.mark.long
def test_facts_and_history_may_be_left_out(
    call: Call,
    warsaw: Tenant,
    postgres_url: str,
    tmp_path: Path,
) -> None:
    """Facts are rebuilt from raw then, also where somebody's own dump has no such schema."""
    call("sync", "--from", str(DAY))
    call("refresh-marts")
    url = os.environ["CALLHOUSE_DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS test_ana")
        connection.execute("CREATE ROLE test_ana LOGIN IN ROLE callhouse_analyst")
    before = tables(url)
    call("backup", str(tmp_path / "small"), "--without-facts", "--without-history")
    own = tmp_path / "own.dump"
    program = dump._program("pg_dump", 16)
    subprocess.run([program, "-Fc", "-N", "facts", "-N", "dagster", "-f", own, url], check=True)
    try:
        for source in ("small", "own"):
            with fresh_database(postgres_url, template="template0") as restored:
                os.environ["CALLHOUSE_DATABASE_URL"] = restored
                if source == "small":
                    told = call("restore", str(tmp_path / "small")).stdout
                    assert "The dump has no facts: run `callhouse rebuild" in told
                else:
                    fill = [str(program.with_name("pg_restore")), "--no-owner", "--no-privileges"]
                    subprocess.run(
                        [*fill, "-d", restored, str(own)], check=False, capture_output=True
                    )
                    call("migrate")
                call("refresh-marts", "--from", str(DAY))
                assert trust(restored) == "wrong"
                call("rebuild", "--from", str(DAY))
                call("refresh-marts", "--from", str(DAY))
                assert trust(restored) == trust(url)
                after = tables(restored)
                for table in ("raw.records", "marts.calls_by_day"):
                    assert after[table] == before[table], (source, table)
                assert after["facts.calls"][str(DAY)][0] == before["facts.calls"][str(DAY)][0]
                with psycopg.connect(restored) as connection:
                    # What the dump had of the days of a schema that it left out, and new days.
                    assert connection.execute(NOBODYS_DAYS).fetchall() == []
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP ROLE test_ana")


def test_facts_that_raw_does_not_have_are_not_left_out(
    call: Call, warsaw: Tenant, tmp_path: Path
) -> None:
    call("sync", "--from", str(DAY))
    with closing(Warehouse(os.environ["CALLHOUSE_DATABASE_URL"])) as warehouse:
        expiry.drop_raw(warehouse, DAY + timedelta(days=1))
    told = call("backup", str(tmp_path / "small"), "--without-facts", exit_code=1).stderr
    assert f"of 1 days from {DAY} to {DAY} raw has gone for its age" in " ".join(told.split())


def test_facts_of_an_account_that_has_left_are_not_left_out(
    call: Call, warsaw: Tenant, tmp_path: Path, empty_database_url: str
) -> None:
    """Nothing would rebuild them, and a restore elsewhere says so."""
    call("sync", CONPEEK, "--from", str(DAY))
    call("backup", str(tmp_path / "small"), "--without-facts")
    both = (tmp_path / "accounts.toml").read_text()
    (tmp_path / "accounts.toml").write_text(both[both.index(f"[accounts.{CLICKFONO}]") :])
    told = call("backup", str(tmp_path / "smaller"), "--without-facts", exit_code=1).stderr
    assert f"put {CONPEEK} back" in " ".join(told.split())
    os.environ["CALLHOUSE_DATABASE_URL"] = empty_database_url
    told = call("restore", str(tmp_path / "small")).stdout
    assert f"It makes none of {CONPEEK}, which accounts.toml doesn't have" in " ".join(told.split())
    assert trust(empty_database_url) == "wrong"


def test_a_manifest_that_is_none_is_not_a_missing_one(tmp_path: Path) -> None:
    with pytest.raises(CallhouseError, match=r"it has no manifest\.json"):
        dump.restore("", None, tmp_path)
    for text in ("", "{}", "[]", '{"tables": 5}'):
        (tmp_path / dump.MANIFEST).write_text(text)
        with pytest.raises(CallhouseError, match=r"manifest\.json isn't as `callhouse backup`"):
            dump.restore("", None, tmp_path)


def test_what_comes_out_is_compared(
    database_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    """By day: rows, and what is in them."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT ops.make_day('2026-03-10')")
        for key in ("1", "2"):
            own = "'2026-03-10', 'acme', 'calls', %s, 1, '{}', now(), 1"
            connection.execute(f"INSERT INTO raw.records VALUES ({own})", [key])
    folder = tmp_path / "backup"
    made = dump.backup(database_url, None, folder, DumpRequest())
    assert made.tables["raw.records"]["2026-03-10"][0] == 2
    text = (folder / dump.MANIFEST).read_text()
    digest = made.tables["raw.records"]["2026-03-10"][1]
    (folder / dump.MANIFEST).write_text(text.replace(digest, "1"))
    with pytest.raises(CallhouseError, match=r"raw.records 2026-03-10: 2 rows.*other contents"):
        dump.restore(empty_database_url, None, folder)
    for command in (migrate, require_head):
        with pytest.raises(SchemaError, match=r"a restore of this database hasn't ended"):
            command(empty_database_url)
    (folder / dump.MANIFEST).write_text(text)
    with pytest.raises(CallhouseError, match=r"The database isn't empty"):
        dump.restore(empty_database_url, None, folder)


@pytest.mark.long
def test_what_a_killed_restore_leaves_is_refused(
    call: Call,
    postgres_url: str,
    tmp_path: Path,
) -> None:
    """Also by who would begin with half of the tables."""
    call("sync", "--from", str(DAY))
    backup = str(tmp_path / "backup")
    call("backup", backup)
    with fresh_database(postgres_url, template="template0") as restored:
        os.environ["CALLHOUSE_DATABASE_URL"] = restored
        command = [str(Path(sys.executable).with_name("callhouse")), "restore", backup]
        begun = subprocess.Popen(command, start_new_session=True, env=dict(os.environ))
        with closing(psycopg.connect(restored, autocommit=True)) as connection:
            begins = "SELECT to_regclass('public.unfinished_restore')"
            while connection.execute(begins).fetchone() == (None,):
                assert begun.poll() is None
                time.sleep(0.02)
        os.killpg(begun.pid, signal.SIGKILL)
        begun.wait()
        call("backup", str(tmp_path / "other"), exit_code=1)
        for words in (["migrate"], ["sync"], ["status"]):
            assert "hasn't ended" in " ".join(call(*words, exit_code=1).stderr.split())
        assert "isn't empty" in call("restore", backup, exit_code=1).stderr
