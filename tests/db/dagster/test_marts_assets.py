"""The marts in Dagster: what a run says, when the schedule asks for one, whence columns come."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.errors import DagsterExecutionInterruptedError

import sql.catalog
from assets.keys import facts_key, mart_key
from assets.marts import REFRESH, mart_assets, view_specs
from assets.refresh import stale_days
from assets.resource import KIND_TAG
from pipelines.refreshes import marts_job, marts_schedule, under_way
from resources.postgres.warehouse import Warehouse, execute
from resources.vendors import discover
from sql.facts import TABLES
from sql.mart import broken, marts
from tests.db.facts import DAY, mark_stale, put, put_call, put_day, query
from tests.own_warehouse import OwnWarehouse

DAYS = dg.DailyPartitionsDefinition(start_date="2026-03-01", end_offset=2)
COUNTED = {("facts", table.name, column) for table in TABLES.values() for column in table.row_key}
"""What a count(*) of rows comes from."""
CLOCKS = {("ops", "days"), ("ops", "accounts")}
"""Where time zones come from, which no column shows."""
WAITING = """
SELECT 1 FROM pg_stat_activity
 WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
MARTS = mart_assets(discover().values(), DAYS)


@pytest.fixture
def given(warehouse: Warehouse, database_url: str) -> OwnWarehouse:
    warehouse.make_days({DAY})
    with warehouse.transaction() as c:
        put_day(c)
        put_call(c, "1")
        mark_stale(c)
    return OwnWarehouse(url=database_url)


def materialized(result: dg.ExecuteInProcessResult) -> dict[str, tuple[str | None, Any]]:
    """Partition and rows of each mart that the run told of."""
    events = result.filter_events(lambda event: event.is_step_materialization)
    told = [event.step_materialization_data.materialization for event in events]
    rows = "dagster/partition_row_count"
    return {m.asset_key.path[-1]: (m.partition, m.metadata[rows].value) for m in told}


def test_a_refresh_tells_of_marts_and_days_that_changed(given: OwnWarehouse) -> None:
    def refresh() -> dict[str, tuple[str | None, Any]]:
        days = {"start": "2026-03-09", "end": "2026-03-12"}
        return materialized(
            dg.materialize(
                [MARTS],
                resources={"callhouse": given},
                tags={KIND_TAG: REFRESH}
                | {f"dagster/asset_partition_range_{end}": day for end, day in days.items()},
            )
        )

    changed = ("calls_by_day", "calls_by_hour", "calls_by_quarter_hour")
    assert refresh() == dict.fromkeys(changed, ("2026-03-10", 1))
    assert refresh() == {}


def test_a_backfill_rebuilds_whether_stale_or_not(given: OwnWarehouse) -> None:
    for _ in range(2):
        done = dg.materialize(
            [MARTS],
            resources={"callhouse": given},
            partition_key="2026-03-10",
            selection=[mart_key("calls_by_day"), mart_key("costs_by_day")],
        )
        assert materialized(done) == {
            "calls_by_day": ("2026-03-10", 1),
            "costs_by_day": ("2026-03-10", 0),
        }


def test_what_is_shown_is_worth_opening(given: OwnWarehouse, warehouse: Warehouse) -> None:
    """A day's calls in figures that Dagster plots; the days that can't be trusted, and why."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    with warehouse.transaction() as c:
        put(c, "ops.accounts", account="other", vendor="vono", timezone="UTC", country="BR",
            start_date=yesterday, streams=["recordings"], tells=[])  # fmt: skip

    def refresh() -> dg.ExecuteInProcessResult:
        return dg.materialize(
            [MARTS],
            resources={"callhouse": given},
            partition_key="2026-03-10",
            selection=[mart_key("calls_by_day")],
            instance=instance,
        )

    def observed(name: str) -> list[dg.AssetObservation]:
        records = instance.fetch_observations(mart_key(name), limit=9).records
        return [record.event_log_entry.asset_observation for record in records]  # type: ignore[misc]

    with dg.instance_for_test() as instance:
        (told,) = refresh().asset_materializations_for_node("marts")
        assert told.metadata["calls"].value == 1
        assert told.metadata["missing_calls"].value == 0
        for name in ("completeness_by_day", "trust_by_day"):
            (trust,) = observed(name)
            shown = trust.metadata["not trusted"]
            assert isinstance(shown, dg.TableMetadataValue)
            days = shown.records
            assert trust.metadata["days not trusted"].value == len(days) == 2
            assert {(row.data["account"], row.data["trust"], row.data["why"]) for row in days} == {
                ("other", "not_read", "recordings: not read"),
                ("other", "provisional", "recordings: the day goes on"),
            }
        refresh()
        assert len(observed("trust_by_day")) == 1  # nothing new
        with warehouse.transaction() as c:
            c.execute(sa.text("UPDATE ops.accounts SET start_date = current_date - 9"))
        refresh()
        assert len(observed("trust_by_day")) == 2


def test_a_refresh_that_counts_as_lost_leaves_the_rest_to_the_next(
    given: OwnWarehouse, warehouse: Warehouse
) -> None:
    """Its host was cut off, and Dagster calls it failed: what it is at gets done, and no more."""
    before = DAY - timedelta(days=1)
    with warehouse.transaction() as c:
        put_day(c, call_date=before)
        mark_stale(c, before)

    def refresh() -> None:
        dg.materialize(
            [MARTS],
            resources={"callhouse": given},
            tags={KIND_TAG: REFRESH, "dagster/partition": f"{DAY}"},
            instance=instance,
        )

    def call_it_lost() -> None:
        with warehouse.transaction() as c:
            execute(c, "maintenance/lock_marts_day", day=DAY)
            locked.set()
            deadline = time.monotonic() + 30
            while not query(warehouse, WAITING):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            (run,) = instance.get_runs()
            instance.report_run_failed(run)

    locked = threading.Event()
    with dg.instance_for_test() as instance, ThreadPoolExecutor(1) as thread:
        lost = thread.submit(call_it_lost)
        assert locked.wait(30)
        with pytest.raises(DagsterExecutionInterruptedError):
            refresh()
        lost.result()
        assert stale_days(warehouse) == [before]
        refresh()
    assert stale_days(warehouse) == []


def test_marts_say_where_they_are_written_down() -> None:
    for spec in (*MARTS.specs, *view_specs(discover().values())):
        places = spec.metadata["dagster/code_references"].code_references
        assert [place.label for place in places] == ["statement", "description"]
        assert all(Path(place.file_path).is_file() for place in places)


def tick(given: OwnWarehouse, instance: dg.DagsterInstance) -> dg.RunRequest | str | None:
    schedule = marts_schedule(marts_job(MARTS), DAYS)
    # Left open, it would close some time later, and bring back an instance that is no more.
    with dg.build_schedule_context(instance, resources={"callhouse": given}) as context:
        data = schedule.evaluate_tick(context)
    return data.run_requests[0] if data.run_requests else data.skip_message


def test_the_schedule_asks_for_a_run_only_when_it_is_worth_one(
    given: OwnWarehouse, warehouse: Warehouse
) -> None:
    with dg.instance_for_test() as instance:
        assert tick(given, instance) == (
            "facts are changing right now; waiting for a pause in loading"
        )
        with warehouse.transaction() as c:
            before = date(2020, 1, 1), datetime.now().astimezone() - timedelta(hours=1)
            put(c, "ops.stale_days", call_date=before[0], stale_since=before[1])
            put(c, "ops.stale_days", call_date=DAY, stale_since=before[1])
        request = tick(given, instance)
        assert isinstance(request, dg.RunRequest)
        assert request.tags["dagster/asset_partition_range_start"] == "2026-03-01"
        assert request.tags["dagster/asset_partition_range_end"] == "2026-03-10"

        marts = dg.Definitions(assets=[MARTS], resources={"callhouse": given})
        job = marts_job(MARTS).name
        definitions = dg.Definitions.merge(marts, dg.Definitions(jobs=[marts_job(MARTS)]))
        done = definitions.resolve_job_def(job).execute_in_process(
            instance=instance, tags=dict(request.tags)
        )
        assert done.success
        assert tick(given, instance) == "no facts have changed since the last refresh"
        with warehouse.transaction() as c:
            put(c, "ops.stale_days", call_date=DAY, stale_since=before[1])
        assert "the next refresh is in" in str(tick(given, instance))


def test_a_refresh_in_the_queue_says_what_it_waits_for() -> None:
    queued, started = dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTED
    with dg.instance_for_test() as instance:
        assert under_way(instance, started) == "the last refresh is still at work"
        assert under_way(instance, queued) == "the last refresh is about to leave the run queue"
        for job in ("wolkvox_poll", "__ASSET_JOB"):
            instance.add_run(dg.DagsterRun(job, status=started))
        assert under_way(instance, queued) == (
            "the last refresh waits in the run queue, as these are at work: "
            "a backfill, wolkvox_poll"
        )


def test_every_column_of_a_mart_comes_from_columns_that_exist() -> None:
    tables = sql.catalog.tables()
    of_asset = {
        facts_key(vendor, stream): {
            column.name
            for target in stream.targets
            for column in tables[f"facts.{target.table.name}"]
        }
        for vendor in discover().values()
        for stream in vendor.streams
    } | {mart_key(name): {column.name for column in mart.columns} for name, mart in marts().items()}
    for spec in MARTS.specs:
        columns = tables[spec.metadata["dagster/table_name"]]
        lineage = spec.metadata["dagster/column_lineage"].deps_by_column
        assert list(lineage) == [column.name for column in columns]
        for column, deps in lineage.items():
            assert deps, (spec.key, column)
            for dep in deps:
                assert dep.column_name in of_asset[dep.asset_key], (column, dep)
                assert dep.asset_key in {d.asset_key for d in spec.deps}


def test_views_are_virtual_and_explained() -> None:
    views = {view.key: view for view in view_specs(discover().values())}
    view = views[mart_key("completeness_by_day")]
    assert view.is_virtual
    assert all(column.description for column in view.metadata["dagster/column_schema"].columns)
    assert {facts_key(v, s) for v in discover().values() for s in v.streams} == {
        dep.asset_key for dep in view.deps
    }


def test_the_descriptions_name_what_the_statements_read(warehouse: Warehouse) -> None:
    """Postgres' own word: every table that a statement reads is named, but for the mart as it was,
    and every column named is read.
    """
    assert not broken()
    for mart in marts().values():
        with warehouse.transaction() as c:
            statement = mart.statement.replace(":day", "'2026-03-10'").replace("%", "%%")
            c.exec_driver_sql(f"CREATE TEMP VIEW built AS {statement}")
            read = {
                tuple(row)
                for row in c.exec_driver_sql(
                    "SELECT DISTINCT n.nspname, r.relname, a.attname FROM pg_rewrite w"
                    " JOIN pg_depend d ON d.objid = w.oid AND d.refobjsubid > 0"
                    " JOIN pg_class r ON r.oid = d.refobjid"
                    " JOIN pg_namespace n ON n.oid = r.relnamespace"
                    " JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = d.refobjsubid"
                    " WHERE w.ev_class = 'built'::regclass AND r.relname <> 'built'"
                )
            }
            c.exec_driver_sql("DROP VIEW built")
        read = {
            ("marts" if schema == "facts" and table in marts() else schema, table, column)
            for schema, table, column in read
        }
        said = {(s.schema, s.table, s.column) for column in mart.columns for s in column.sources}
        assert said - read <= COUNTED, mart.name
        others = {(schema, table) for schema, table, _ in read} - {("marts", mart.name)}
        assert others - mart.tables <= CLOCKS, mart.name
