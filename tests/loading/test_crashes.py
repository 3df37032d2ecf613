"""Crash safety: whatever stops a load, the next run gives the tables of an undisturbed one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.loading.landing import stage
from assets.loading.load import Loader
from assets.loading.window import read
from resources.postgres.warehouse import Warehouse, copy
from resources.standin import Fault
from resources.vendors import discover
from tests.loading.conftest import DAY, NOON, Open, Scene
from tests.loading.lists import PAGED
from tests.loading.tables import tables_of
from tests.model.system import System

EVENING = NOON + timedelta(hours=20)
BEFORE = DAY - timedelta(days=1)
ABORTED = [
    psycopg.errors.DeadlockDetected,
    pytest.param(psycopg.errors.SerializationFailure, marks=pytest.mark.long),
]
DAYS_AND_RECORDS = """
SELECT ARRAY[d.raw_records, d.facts, d.rejects, d.open_records],
       ARRAY[count(h.record_key), (SELECT count(DISTINCT call_id) FROM facts.call_legs f
                                    WHERE f.account = d.account AND f.call_date = d.call_date),
             count(*) FILTER (WHERE h.rejected), count(*) FILTER (WHERE h.is_open)]
  FROM ops.days d LEFT JOIN raw.heads h USING (account, stream, call_date)
 WHERE account = :account GROUP BY d.account, d.stream, d.call_date
"""
"""What is told of the days of Conpeek's dialogs, and what there is."""
STATEMENTS = range(1, 45)
"""Beyond those that a load of two days makes."""


def history(here: Scene, load: Callable[[], Any]) -> None:
    """New, changed, moved, vanished and broken records, with `load` after each chapter."""
    here.put(*(here.thing(number) for number in range(6)))
    here.at(EVENING)
    load()
    here.put(here.thing(0, value=50), here.thing(1, minutes=-24 * 60), here.thing(2, broken=True))
    here.remove(here.thing(3))
    load()
    for _ in range(3):  # what was opened again, or had failed, is due at once
        here.later(minutes=10)
        here.poll()


def undisturbed(scene: Open, vendor: str) -> dict[str, list[Any]]:
    here = scene(vendor, BEFORE)
    history(here, lambda: here.backfill(BEFORE, DAY))
    return tables_of(here.system, here.account)


@pytest.mark.parametrize(
    ("vendor", "step"),
    [("conpeek", 11), *(pytest.param(v, 3, marks=pytest.mark.long) for v in ("conpeek", "evolux"))],
)
def test_killed_at_any_statement(scene: Open, vendor: str, step: int) -> None:
    expected = undisturbed(scene, vendor)
    for statement in STATEMENTS[::step]:
        here = scene(vendor, BEFORE)

        def load(here: Scene = here, statement: int = statement) -> None:
            with here.system.trouble(statement, None):
                here.backfill(BEFORE, DAY)
            here.backfill(BEFORE, DAY)

        history(here, load)
        assert tables_of(here.system, here.account) == expected, statement


@pytest.mark.parametrize("step", [pytest.param(3, marks=pytest.mark.long), 19])
def test_a_kill_leaves_counts_of_what_is_there(
    scene: Open, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Whatever has been written of a read in batches, and whatever was known before."""
    monkeypatch.setattr(read, "BATCH", 2)
    here = scene("conpeek", BEFORE)
    things = [here.thing(number, minutes=-24 * 60 * (number % 2)) for number in range(9)]
    for statement in range(1, 120, step):
        with here.system.trouble(statement, None) as was_killed:
            here.backfill(BEFORE, DAY)
        for stored, there in here.query(DAYS_AND_RECORDS):
            assert stored == there, statement
        if not was_killed():
            here.later(minutes=1)
        here.put(*things[: statement // 6 + 1], here.thing(20 + statement, broken=True))
    assert len(here.query(DAYS_AND_RECORDS)) == 2


@pytest.mark.parametrize("error", ABORTED)
def test_what_postgres_aborts_is_done_again(scene: Open, error: type[psycopg.Error]) -> None:
    expected = undisturbed(scene, "conpeek")
    here = scene("conpeek", BEFORE)

    def load() -> None:
        for statement in STATEMENTS[::4]:
            here.system.disturb({statement: error("as the test wants")})
            assert here.backfill(BEFORE, DAY).error is None, statement

    history(here, load)
    assert tables_of(here.system, here.account) == expected


def test_two_loads_of_one_day_at_once(scene: Open, system: System) -> None:
    expected = undisturbed(scene, "conpeek")
    here = scene("conpeek", BEFORE)
    others = [Warehouse(system.warehouse.url.render_as_string(False)) for _ in range(3)]
    loaders = [Loader(w, discover()["conpeek"], clock=system.clock.now) for w in others]

    def load() -> None:
        def one(loader: Loader) -> str | None:
            return loader.backfill([here.account], [here.stream], [BEFORE, DAY])[0].error

        with ThreadPoolExecutor(len(loaders)) as pool:
            assert list(pool.map(one, loaders)) == [None] * len(loaders)

    history(here, load)
    assert tables_of(system, here.account) == expected
    for loader, warehouse in zip(loaders, others, strict=True):
        loader.close()
        warehouse.close()


@pytest.mark.parametrize(
    "dying",
    [
        "raw.records",
        "stage_calls",
        *(
            pytest.param(table, marks=pytest.mark.long)
            for table in ("raw.heads", "facts.calls", "stage_records", "stage_call_legs")
        ),
    ],
)
def test_a_connection_that_ends_in_the_middle_of_a_copy(
    scene: Open, system: System, monkeypatch: pytest.MonkeyPatch, dying: str
) -> None:
    expected = undisturbed(scene, "conpeek")
    here = scene("conpeek", BEFORE)
    ended: list[str] = []

    def copy_and_die(
        connection: Connection, table: str, columns: Sequence[str], lines: Iterable[str]
    ) -> None:
        def until_the_end() -> Iterator[str]:
            for line in lines:
                first, _, rest = line.partition("\n")
                yield first + "\n"
                if table == dying and not ended:
                    ended.append(table)
                    end(connection)
                yield rest

        copy(connection, table, columns, until_the_end())

    def end(connection: Connection) -> None:
        pid = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
        with system.warehouse.autocommit.connect() as other:
            other.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    monkeypatch.setattr(stage, "copy", copy_and_die)
    history(here, lambda: here.backfill(BEFORE, DAY))
    assert ended == [dying]
    assert tables_of(system, here.account) == expected


@contextmanager
def full_disk(system: System, table: str, account: str) -> Iterator[None]:
    """No space for the account's rows in the table."""
    with system.warehouse.transaction() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE 'could not extend file: No space left' USING ERRCODE = '53100'; END$$"
        )
        connection.exec_driver_sql(
            f"CREATE TRIGGER no_space BEFORE INSERT ON {table} FOR EACH ROW "
            f"WHEN (NEW.account = '{account}') EXECUTE FUNCTION no_space()"
        )
    try:
        yield
    finally:
        with system.warehouse.transaction() as connection:
            connection.exec_driver_sql("DROP FUNCTION no_space CASCADE")


@pytest.mark.parametrize("table", ["raw.records", "facts.call_legs", "facts.calls"])
def test_a_full_disk_fails_alone_and_heals_at_the_next_run(
    scene: Open, system: System, table: str
) -> None:
    here, other = scene("conpeek"), scene("conpeek")
    for each in (here, other):
        each.put(each.thing(1))
    here.at(EVENING)
    with full_disk(system, table, here.account.name):
        results = system.loaders["conpeek"].poll([here.account, other.account], [here.stream])
    bad, good = results
    assert bad.error
    assert "the database's disk is full" in bad.error
    assert good.error is None
    assert (here.day().state, here.day().facts) == ("failed", 0)
    assert other.day().state == "complete"
    here.later(minutes=10)
    assert here.poll().error is None
    assert (here.day().state, here.day().facts) == ("complete", 1)
    assert tables_of(system, here.account) == tables_of(system, other.account)


def test_an_account_s_failure_is_its_own(scene: Open, system: System) -> None:
    here, other = scene("clickfono"), scene("clickfono")
    for each in (here, other):
        each.put(each.thing(1))
    here.tenant.arm(Fault.html(), 9)
    bad, good = system.loaders["clickfono"].poll([here.account, other.account], [here.stream])
    assert (bad.state, good.state) == ("failed", "ok")
    assert other.day().facts == 1


@pytest.mark.parametrize("vendor", PAGED)
def test_facts_whose_raw_records_are_lost_are_merged(
    scene: Open, system: System, vendor: str
) -> None:
    """As after a part of a backup was restored: what is new to raw is known to facts."""
    here = scene(vendor, BEFORE)
    here.put(*(here.thing(number) for number in range(6)))
    here.at(EVENING)
    here.backfill(BEFORE, DAY)
    before = tables_of(system, here.account)
    updated = here.facts("count(*)", "max(updated_at)")
    with system.warehouse.transaction() as connection:
        connection.exec_driver_sql("TRUNCATE raw.records, raw.heads")
    assert here.backfill(BEFORE, DAY).error is None
    assert tables_of(system, here.account) == before
    assert here.facts("count(*)", "max(updated_at)") == updated
