"""A database without room, or without connections: told in words, and nothing is lost."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from assets.loading.load import Loader
from resources.configuration.home import Home
from resources.embedded.local_postgres import LocalPostgres
from resources.postgres.errors import in_words
from resources.postgres.migration import migrate
from resources.postgres.warehouse import Warehouse
from resources.standin.server import StandIn
from resources.vendors import discover
from tests.db.conftest import AccountOf
from tests.db.test_load import DAY, dialog, query

RECORDS = 3_000


@pytest.fixture
def small_disk() -> Iterator[Path]:
    folder = Path("/tmp") / f"callhouse-small-{os.getpid()}"
    folder.mkdir(mode=0o755)
    mount = ["mount", "-t", "tmpfs", "-o", "size=110m,mode=755", "tmpfs", str(folder)]
    try:
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("only who may mount has a small disk")
        yield folder
        subprocess.run(["umount", str(folder)], check=True)
    finally:
        folder.rmdir()


@pytest.mark.long
def test_a_full_disk_is_told_and_no_vendor_asked_until_there_is_room(
    small_disk: Path, standin: StandIn, account_of: AccountOf
) -> None:
    server = LocalPostgres(Home(small_disk / "home"))
    url = server.start()
    warehouse = Warehouse(url)
    vendor = discover()["conpeek"]
    stream = vendor.stream("dialogs")
    loader = Loader(warehouse, vendor, "test-run")
    try:
        migrate(url)
        tenant = standin.tenant("conpeek", "ours")
        tenant.put([dialog(n, note="x" * 2_000) for n in range(RECORDS)])
        account = account_of(tenant)
        filler = small_disk / "filler"
        filler.write_bytes(b"x" * (shutil.disk_usage(small_disk).free - 2**20))
        [result] = loader.backfill([account], [stream], [DAY])
        assert "the database's disk is full: make room" in (result.error or "")
        asked = len(standin.requests)
        [result] = loader.backfill([account], [stream], [DAY])
        assert "the database's disk is full: make room" in (result.error or "")
        assert len(standin.requests) == asked

        filler.unlink()
        [result] = loader.backfill([account], [stream], [DAY])
        assert result.error is None
        assert query(warehouse, "SELECT count(*) FROM raw.records") == [(RECORDS,)]
        assert query(warehouse, "SELECT state FROM ops.days") == [("complete",)]
    finally:
        loader.close()
        warehouse.close()
        server.stop()


def test_what_the_database_lacks_is_told_in_words(database_url: str) -> None:
    name = sa.make_url(database_url).database
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
        connection.execute("CREATE ROLE only_here LOGIN PASSWORD 'secret'")
        try:
            other = sa.make_url(database_url).set(username="only_here", password="secret")
            with pytest.raises(psycopg.OperationalError, match="too many connections") as raised:
                psycopg.connect(other.render_as_string(hide_password=False))
            assert "all of the database's connections are taken" in (in_words(raised.value) or "")
        finally:
            connection.execute("DROP ROLE only_here")
        with pytest.raises(psycopg.errors.DiskFull) as full:
            connection.execute("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '53100'; END $$")
    assert "disk is full" in (in_words(full.value) or "")
