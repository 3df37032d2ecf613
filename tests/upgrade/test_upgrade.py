"""A warehouse of every release is brought up to date while it is in use, and holds what a fresh
load of this one holds.
"""

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from resources.postgres.migration import migrate
from resources.postgres.schema_version import head, version
from tests.conftest import fresh_database
from tests.upgrade.store import STORED, dump_of_now, restore
from tests.upgrade.world import DAYS, open_world

NOW = "this one"
RELEASES = [*(file.name.removesuffix(".sql.gz") for file in sorted(STORED.glob("*.gz"))), NOW]
PATIENCE_S = 3.0
"""A moment more than a migration waits for a table before it lets go."""


@contextmanager
def in_use(url: str) -> Iterator[list[float]]:
    """Somebody loads as the release did, an analyst's long query runs, and others ask what is
    trusted again and again. Yields how long each row of the load took.
    """
    took: list[float] = []
    stop = threading.Event()

    def load() -> None:
        number = 0
        with psycopg.connect(url, autocommit=True) as connection:
            while not stop.wait(0.02):
                number += 1
                began = time.monotonic()
                connection.execute(
                    "INSERT INTO raw.records (call_date, account, stream, record_key, version,"
                    " payload, first_seen_at, request_id)"
                    " VALUES (%s, 'meanwhile', 'calls', %s, 1, '{}', now(), 1)",
                    [DAYS[0], str(number)],
                )
                took.append(time.monotonic() - began)

    def read() -> None:
        with psycopg.connect(url) as connection:
            connection.execute("SELECT count(*), pg_sleep(1) FROM facts.calls")

    refused: list[str] = []

    def ask() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not stop.is_set():
                try:
                    connection.execute("SELECT count(*) FROM marts.trust_by_day")
                except psycopg.Error as error:
                    refused.append(str(error))

    reader = threading.Thread(target=read)
    others = [threading.Thread(target=work) for work in (load, ask, ask, ask, ask)]
    for thread in (reader, *others):
        thread.start()
    time.sleep(0.2)
    try:
        yield took
    finally:
        reader.join()
        stop.set()
        for thread in others:
            thread.join()
    assert refused == [], "a migration gives way, not an analyst"


@pytest.mark.long
@pytest.mark.parametrize("release", RELEASES)
def test_a_release_is_upgraded_while_it_is_in_use(
    postgres_url: str,
    template_database: str,
    release: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", str(tmp_path / "audio"))
    if release == NOW:
        with fresh_database(postgres_url, "template0") as url:
            text = dump_of_now(url, tmp_path)
    else:
        text = gzip.decompress((STORED / f"{release}.sql.gz").read_bytes()).decode()
    with fresh_database(postgres_url, "template0") as url:
        restore(url, text)
        with in_use(url) as took:
            migrate(url)
        assert took
        assert max(took) < PATIENCE_S
        assert version(url) == head()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DELETE FROM raw.records WHERE account = 'meanwhile'")
        with open_world(url, tmp_path) as world:
            world.load()
            upgraded = world.tables()
            widened = "SELECT account FROM ops.streams WHERE scope_since > '-infinity'"
            assert world.rows(widened) == [], "nobody's options changed"
    with fresh_database(postgres_url, template_database) as url, open_world(url, tmp_path) as world:
        world.load()
        world.age()
        world.load()
        fresh = world.tables()
    for table, rows in fresh.items():
        assert rows, f"{table}: the world should have something in it"
        assert upgraded[table] == rows, table
