"""Migrating while others are at work, and what a migration leaves."""

import threading
import time
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

import sql.catalog
from pipelines.commands.check import check_marts
from resources.errors import CallhouseError
from resources.postgres.migration import migrate
from resources.postgres.objects import hold_views, lay_objects
from resources.postgres.warehouse import Warehouse
from sql import ddl
from tests.db.facts import DAY, mark_stale, put, put_call, put_day, query

NEXT = DAY + timedelta(days=1)


def test_nothing_is_laid_twice(warehouse: Warehouse, database_url: str) -> None:
    laid = "SELECT max(laid_at), count(*) FROM ops.objects"
    before = query(warehouse, laid)
    assert migrate(database_url) == []
    assert query(warehouse, laid) == before


def test_days_whose_schema_a_dump_left_out_can_be_loaded_again(
    warehouse: Warehouse, database_url: str
) -> None:
    warehouse.make_days({DAY})
    with warehouse.transaction() as c:
        c.exec_driver_sql("DROP SCHEMA facts_partitions CASCADE")
    migrate(database_url)
    again = Warehouse(database_url)
    again.make_days({DAY})
    with again.transaction() as c:
        put_call(c, "1", call_date=DAY)
    assert query(again, "SELECT count(*) FROM facts.calls") == [(1,)]
    again.close()


@pytest.mark.parametrize(
    "lost", ["SCHEMA facts", "SCHEMA facts_partitions", "TABLE facts.call_events"]
)
def test_facts_that_a_dump_left_out_count_no_longer(
    warehouse: Warehouse, database_url: str, lost: str
) -> None:
    """Else their days would be trusted until they are rebuilt. Those gone for their age stay so."""
    with warehouse.transaction() as c:
        put_day(c, raw_records=5, facts=5)
        put_day(c, raw_records=5, facts=5, call_date=NEXT, expired_at="2026-06-01")
        c.exec_driver_sql(f"DROP {lost} CASCADE")
    migrate(database_url)
    assert query(warehouse, "SELECT facts FROM ops.days ORDER BY call_date") == [(0,), (5,)]


def test_a_migration_neither_waits_for_a_reader_nor_blocks_one(
    warehouse: Warehouse, database_url: str
) -> None:
    everything = " UNION ALL ".join(
        f"SELECT count(*) FROM {name}" for name in sql.catalog.tables() | sql.catalog.views()
    )
    with psycopg.connect(database_url) as reader:
        reader.execute(everything)
        began = time.monotonic()
        migrate(database_url)
        assert time.monotonic() - began < 2
        assert query(warehouse, "SELECT count(*) FROM marts.completeness_by_day") == [(0,)]


def test_a_view_that_changes_waits_for_its_reader_without_holding_up_others(
    warehouse: Warehouse, database_url: str
) -> None:
    change = "UPDATE ops.objects SET digest = '' WHERE name = 'marts/completeness_by_day'"
    with warehouse.transaction() as c:
        c.execute(sa.text(change))
    done: list[list[str]] = []
    migration = threading.Thread(target=lambda: done.append(migrate(database_url)))
    with psycopg.connect(database_url) as reader:
        reader.execute("SELECT count(*) FROM marts.completeness_by_day")
        migration.start()
        longest = 0.0
        for _ in range(5):
            began = time.monotonic()
            query(warehouse, "SELECT count(*) FROM marts.completeness_by_day")
            longest = max(longest, time.monotonic() - began)
            time.sleep(0.3)
        assert not done
        assert longest < 2.5
    migration.join()
    assert done == [[]]


def test_a_migration_that_never_gets_its_turn_says_whom_to_look_for(
    warehouse: Warehouse, database_url: str
) -> None:
    with warehouse.transaction() as c:
        c.execute(sa.text("DELETE FROM ops.objects WHERE name LIKE 'marts/completeness%'"))
    with psycopg.connect(database_url) as reader:
        reader.execute("SELECT count(*) FROM marts.completeness_by_day")
        with pytest.raises(CallhouseError, match="pg_stat_activity"):
            migrate(database_url, patience_s=1)


def test_days_are_stale_when_what_computes_the_marts_changed(
    warehouse: Warehouse, database_url: str
) -> None:
    with warehouse.transaction() as c:
        put_day(c)
        mark_stale(c)
        c.execute(sa.text("DELETE FROM ops.stale_days"))
        c.execute(
            sa.text("UPDATE ops.objects SET digest = '' WHERE name = 'statements/costs_by_day'")
        )
    migrate(database_url)
    assert query(warehouse, "SELECT mart FROM ops.stale_days") == [("costs_by_day",)]


def test_a_mart_whose_files_are_gone_goes_and_one_described_otherwise_is_made_anew(
    warehouse: Warehouse, database_url: str
) -> None:
    with warehouse.transaction() as c:
        put_day(c)
        c.execute(sa.text("CREATE TABLE marts.old (a integer)"))
        put(c, "ops.objects", name="marts/old", digest="")
        c.execute(sa.text("DROP TABLE marts.costs_by_day"))
        c.execute(sa.text("CREATE VIEW marts.costs_by_day AS SELECT 1 AS old"))
        c.execute(sa.text("UPDATE ops.objects SET digest = '' WHERE name = 'marts/costs_by_day'"))
    migrate(database_url)
    assert query(warehouse, "SELECT to_regclass('marts.old')") == [(None,)]
    assert query(warehouse, "SELECT cost FROM marts.costs_by_day") == []
    assert query(warehouse, "SELECT mart FROM ops.stale_days") == [("costs_by_day",)]


def test_a_mart_that_is_made_anew_keeps_days_whose_facts_are_gone(
    warehouse: Warehouse, database_url: str
) -> None:
    """They can't be computed again. A column that it hadn't is NULL there."""
    old = {"account": "acme", "vendor": "conpeek", "grain": "call", "calls": 7, "cost": 1}
    with warehouse.transaction() as c:
        put_day(c, expired_at="2026-06-01")
        put_day(c, call_date=NEXT)
        put(c, "marts.costs_by_day", **old, call_date=DAY, talk_s=60)
        put(c, "marts.costs_by_day", **old, call_date=NEXT)
        c.execute(sa.text("ALTER TABLE marts.costs_by_day DROP COLUMN talk_s, ADD COLUMN a text"))
        c.execute(sa.text("UPDATE ops.objects SET digest = '' WHERE name = 'marts/costs_by_day'"))
    migrate(database_url)
    kept = query(warehouse, "SELECT call_date, calls, talk_s FROM marts.costs_by_day")
    assert kept == [(DAY, 7, None)]


def test_a_mart_that_is_made_anew_keeps_what_raw_may_no_longer_have(
    warehouse: Warehouse, database_url: str
) -> None:
    own = {"account": "acme", "stream": "calls", "call_id": "1", "vendor": "clickfono"}
    with warehouse.transaction() as c:
        put_day(c)
        put(c, "facts.callback_attempts", **own, call_date=DAY, attempt_no=1, is_last=True,
            outcome="answered", requested_at=f"{DAY} 10:00+00")  # fmt: skip
        mart = "name = 'marts/callback_attempts'"
        c.execute(sa.text(f"UPDATE ops.objects SET digest = '' WHERE {mart}"))
    migrate(database_url)
    kept = "SELECT (requested_at AT TIME ZONE 'UTC')::time::text FROM facts.callback_attempts"
    assert query(warehouse, kept) == [("10:00:00",)]


def test_a_view_gets_other_columns(warehouse: Warehouse, database_url: str) -> None:
    with warehouse.transaction() as c:
        c.execute(sa.text("DROP VIEW masked.call_events"))
        c.execute(sa.text("CREATE VIEW masked.call_events AS SELECT 1 AS old"))
        put(c, "ops.objects", name="old", digest="")
        c.execute(sa.text("DELETE FROM ops.objects WHERE name = 'masked/call_events'"))
    migrate(database_url)
    assert query(warehouse, "SELECT call_id FROM masked.call_events") == []


DEFINITION = "SELECT pg_get_viewdef('marts.missed_callers'::regclass)"
OLDER = "UPDATE ops.objects SET digest = '' WHERE name = 'marts/missed_callers'"


def test_a_mart_under_somebodys_view_is_replaced(warehouse: Warehouse, database_url: str) -> None:
    """Else it would go on as an older version made it, and nobody would know."""
    own = "CREATE VIEW public.own AS SELECT account FROM marts.missed_callers"
    [(definition,)] = query(warehouse, DEFINITION)
    older = f"SELECT * FROM ({definition.rstrip(';')}) AS older WHERE false"
    with warehouse.transaction() as c:
        c.exec_driver_sql(f"CREATE OR REPLACE VIEW marts.missed_callers AS {older}")
        c.exec_driver_sql(own)
        c.exec_driver_sql(OLDER)
    migrate(database_url)
    assert query(warehouse, DEFINITION) == [(definition,)]
    assert query(warehouse, "SELECT * FROM public.own") == []
    assert check_marts(database_url) == []


def test_one_that_cannot_be_replaced_is_told_until_that_view_is_gone(
    warehouse: Warehouse, database_url: str
) -> None:
    with warehouse.transaction() as c:
        c.exec_driver_sql("DROP VIEW marts.missed_callers")
        c.exec_driver_sql("CREATE VIEW marts.missed_callers AS SELECT 1 AS old")
        c.exec_driver_sql("CREATE VIEW public.own AS SELECT old FROM marts.missed_callers")
        c.exec_driver_sql(OLDER)
    migrate(database_url)
    [found] = check_marts(database_url)
    assert found.well is False
    assert found.message.startswith("marts.missed_callers: not as this version")
    with warehouse.transaction() as c:
        c.exec_driver_sql("DROP VIEW public.own")
    migrate(database_url)
    assert check_marts(database_url) == []
    assert query(warehouse, "SELECT account FROM marts.missed_callers") == []


def test_a_function_with_other_arguments_replaces_the_old_one(
    warehouse: Warehouse, database_url: str
) -> None:
    signatures = (
        "SELECT oid::regprocedure::text FROM pg_proc"
        " WHERE proname IN ('require_keys', 'acquire_permit') ORDER BY 1"
    )
    before = query(warehouse, signatures)
    with warehouse.transaction() as c:
        c.execute(sa.text("DROP FUNCTION ops.require_keys, ops.acquire_permit"))
        for old in (
            "ops.require_keys(a jsonb) RETURNS text",  # it is called with more now
            "ops.require_keys(a jsonb, b text[], c integer) RETURNS text",
            "ops.acquire_permit(p_asked jsonb) RETURNS text",  # it returns more now
        ):
            c.execute(sa.text(f"CREATE FUNCTION {old} LANGUAGE sql AS $$SELECT 'old'$$"))
        c.execute(
            sa.text(
                "UPDATE ops.objects SET digest = ''"
                " WHERE name IN ('functions/require_keys', 'functions/acquire_permit')"
            )
        )
    migrate(database_url)
    assert query(warehouse, signatures) == before
    assert query(warehouse, "SELECT ops.require_keys('{\"a\": 1}', '{a}')::text") == [("",)]


def test_functions_have_few_arguments_and_one_signature(warehouse: Warehouse) -> None:
    """So that an upgrade adds to what is asked without making another function."""
    found = query(
        warehouse,
        "SELECT pronamespace::regnamespace || '.' || proname, max(pronargs), count(*)"
        "  FROM pg_proc WHERE pronamespace::regnamespace::text"
        "       IN ('raw', 'facts', 'ops', 'marts', 'masked') GROUP BY 1",
    )
    assert len(found) > 8
    assert [name for name, arguments, signatures in found if arguments > 3 or signatures > 1] == []


def test_views_are_held_where_one_was_a_table_before(warehouse: Warehouse) -> None:
    with warehouse.transaction() as c:
        c.exec_driver_sql("DROP VIEW marts.trust_by_day CASCADE")
        c.exec_driver_sql("CREATE TABLE marts.trust_by_day ()")
        hold_views(c)
        held = "SELECT mode FROM pg_locks WHERE relation = 'marts.completeness_by_day'::regclass"
        assert "AccessExclusiveLock" in set(c.exec_driver_sql(held).scalars())


def test_several_machines_may_migrate_at_once(empty_database_url: str) -> None:
    faults: list[BaseException] = []

    def work() -> None:
        try:
            migrate(empty_database_url)
        except BaseException as fault:  # noqa: BLE001 - shown by the assert
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_every_table_and_column_is_explained(warehouse: Warehouse) -> None:
    schemas = "('raw', 'facts', 'ops', 'marts', 'masked')"
    bare = query(
        warehouse,
        "SELECT c.oid::regclass::text, a.attname FROM pg_class c"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum >= 0 AND NOT a.attisdropped"
        f" WHERE c.relnamespace::regnamespace::text IN {schemas} AND c.relkind IN ('r', 'p', 'v')"
        " AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)",
    )
    assert bare == []


def test_the_catalog_reads_what_the_database_has(warehouse: Warehouse) -> None:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for table, *rest in query(
        warehouse,
        "SELECT c.oid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod),"
        " a.attnotnull, col_description(c.oid, a.attnum)"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
        " WHERE c.relnamespace::regnamespace::text IN ('raw', 'facts', 'ops', 'marts')"
        " AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition ORDER BY c.oid, a.attnum",
    ):
        found.setdefault(table, []).append(tuple(rest))
    for table, columns in (sql.catalog.tables() | sql.catalog.views()).items():
        for column, (name, kind, required, told) in zip(columns, found[table], strict=True):
            short = kind.replace("timestamp with time zone", "timestamptz")
            short = short.removesuffix(" without time zone")
            assert (column.name, column.type, column.comment) == (name, short, told)
            assert column.required <= required
    assert found.keys() == (sql.catalog.tables() | sql.catalog.views()).keys()


SNAPSHOT = """
SELECT 'column', format('%s.%s', c.oid::regclass, a.attname), a.attnum::text,
       format_type(a.atttypid, a.atttypmod), a.attnotnull::text, pg_get_expr(d.adbin, d.adrelid),
       col_description(c.oid, a.attnum)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
 WHERE c.relnamespace IN (SELECT oid FROM ours) AND c.relkind IN ('r', 'p', 'v')
UNION ALL
SELECT 'relation', c.oid::regclass::text, c.relkind::text, c.reloptions::text,
       pg_get_partkeydef(c.oid), CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) END,
       obj_description(c.oid)
  FROM pg_class c WHERE c.relnamespace IN (SELECT oid FROM ours) AND c.relkind <> 'c'
UNION ALL
SELECT 'index', indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisprimary::text,
       indisunique::text, NULL, NULL
  FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE c.relnamespace IN (SELECT oid FROM ours)
UNION ALL
SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid), NULL, NULL,
       NULL, NULL
  FROM pg_constraint WHERE connamespace IN (SELECT oid FROM ours)
UNION ALL
SELECT 'function', oid::regprocedure::text, pg_get_functiondef(oid), NULL, NULL, NULL,
       obj_description(oid)
  FROM pg_proc WHERE pronamespace IN (SELECT oid FROM ours)
UNION ALL
SELECT 'schema', nspname, NULL, NULL, NULL, NULL, obj_description(oid)
  FROM pg_namespace WHERE oid IN (SELECT oid FROM ours)
ORDER BY 1, 2, 3
"""
OURS = """
WITH ours AS (
    SELECT oid FROM pg_namespace
     WHERE nspname IN ('raw', 'facts', 'ops', 'marts', 'masked') OR nspname ~ '_partitions$'
)
"""


def test_migrations_lead_to_what_the_schema_says(
    warehouse: Warehouse, empty_database_url: str
) -> None:
    fresh = Warehouse(empty_database_url)
    with fresh.transaction() as c:
        for _, text in ddl.parts():
            c.exec_driver_sql(text.replace("%", "%%"))
        lay_objects(c)
    with fresh.transaction() as one, warehouse.transaction() as other:
        laid, migrated = (
            set(c.exec_driver_sql(f"{OURS} {SNAPSHOT}".replace("%", "%%"))) for c in (one, other)
        )
    fresh.close()
    assert len(laid) > 300
    assert laid - migrated == set(), "sql/schema has what the migrations lack: write a migration"
    assert migrated - laid == set(), "the migrations leave what sql/schema lacks"
