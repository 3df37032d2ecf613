"""What a load costs, counted instead of timed: statements, requests, rows, partitions scanned."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

import sql
from assets.loading.load import Loader
from assets.loading.window import read
from bench.server import Server
from resources.account import Account
from resources.postgres.warehouse import Warehouse
from resources.standin.server import StandIn
from resources.standin.tenant import Tenant
from resources.vendor_api.vendor import AnyStream
from resources.vendors import discover
from tests.db.conftest import AccountOf
from tests.support import statements

TODAY = datetime.now(UTC).date()
DAYS = [TODAY - timedelta(days=ago) for ago in range(10, 4, -1)]
IDLE_STATEMENTS = 11
COUNTS, GROWS = "no_longer_faulty AS", "AS grown ("
"""Words of statements: that which counts days, and that which adds to their counts."""
STREAM: AnyStream = discover()["conpeek"].stream("dialogs")
SCANS = """
SELECT right(relname, 8), sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0))
  FROM pg_stat_user_tables WHERE schemaname ~ '_partitions$' AND relname ~ '_[0-9]{8}$'
 GROUP BY 1
"""


def dialogs(number: int, day: Any = DAYS[0]) -> list[dict[str, Any]]:
    """So many dialogs, an hour each, all of one day."""
    return [
        {
            "dialog_uuid": f"{day}/{n}",
            "dialog_type": "EXTERNAL",
            "business_direction": "INBOUND",
            "start_time": f"{day} 10:{n % 60:02}:00",
            "hangup_time": f"{day} 11:{n % 60:02}:00",
            "talking_time": 1500,
            "from_display_target": "+48221234567",
            "to_display_target": "600",
        }
        for n in range(number)
    ]


@pytest.fixture
def tenant(standin: StandIn) -> Tenant:
    return standin.tenant("conpeek", "demo-pl", timezone="UTC", requests_per_s=None)


@pytest.fixture
def account(tenant: Tenant, account_of: AccountOf) -> Account:
    return account_of(tenant, start_date=DAYS[0])


@pytest.fixture
def loader(warehouse: Warehouse) -> Iterator[Loader]:
    loader = Loader(warehouse, discover()["conpeek"], "test-run")
    yield loader
    loader.close()


def backfill(loader: Loader, account: Account, days: list[Any]) -> None:
    result = loader.backfill([account], [STREAM], days)[0]
    assert result.state == "ok", result.error


def poll(loader: Loader, account: Account) -> None:
    result = loader.poll([account], [STREAM])[0]
    assert result.state == "ok", result.error


@pytest.mark.parametrize("size", [10, 600])
def test_an_idle_poll_costs_one_request_and_few_statements_whatever_is_stored(
    loader: Loader, account: Account, tenant: Tenant, standin: StandIn, size: int
) -> None:
    tenant.put(dialogs(size))
    backfill(loader, account, [*DAYS, *(TODAY - timedelta(days=ago) for ago in range(4, 0, -1))])
    poll(loader, account)
    before = len(standin.requests)
    with statements() as seen:
        poll(loader, account)
    assert len(standin.requests) - before == 1
    assert len(seen) <= IDLE_STATEMENTS, "\n".join(seen)


def test_an_unchanged_day_read_again_writes_no_row(
    warehouse: Warehouse, loader: Loader, account: Account, tenant: Tenant
) -> None:
    tenant.put(dialogs(1_200))
    backfill(loader, account, DAYS)
    server = Server(warehouse.url.set(drivername="postgresql").render_as_string(False))
    warehouse.close()
    server.settle()
    before = server.rows_written()
    assert before >= 2 * 1_200
    backfill(loader, account, DAYS)
    warehouse.close()
    server.settle()
    assert server.rows_written() == before


@pytest.mark.parametrize(("size", "pages"), [(0, 1), (499, 2), (500, 2), (1_250, 4)])
def test_a_backfill_asks_for_each_page_once_and_for_an_empty_one(
    loader: Loader, account: Account, tenant: Tenant, standin: StandIn, size: int, pages: int
) -> None:
    """Of an account that may only be asked one thing at a time: a second window would cost more."""
    tenant.put(dialogs(size))
    one = account.limits.model_copy(update={"concurrency": 1})
    backfill(loader, account.model_copy(update={"limits": one}), DAYS)
    assert len(standin.requests) == pages


def test_the_requests_of_a_backfill_overlap_as_far_as_they_may(
    loader: Loader, account: Account, tenant: Tenant, standin: StandIn
) -> None:
    """So that it doesn't take the sum of the latencies; for at most a short page and an empty
    one a window more.
    """
    tenant.latency_s = 0.2
    for day in DAYS:
        tenant.put(dialogs(600, day))
    backfill(loader, account, DAYS)
    pages = -(-600 * len(DAYS) // 500)
    assert pages < len(standin.requests) <= pages + 2 * account.limits.concurrency
    spans = [(request.started, request.ended) for request in standin.requests]
    most = max(sum(start <= at < end for start, end in spans) for at, _ in spans)
    assert 1 < most <= account.limits.concurrency


@pytest.mark.parametrize("batches", [1, 4])
def test_a_first_read_counts_its_days_once_however_many_batches_it_has(
    loader: Loader,
    account: Account,
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    batches: int,
) -> None:
    """To count again after each batch would read a day as often as it has batches."""
    monkeypatch.setattr(read, "BATCH", 1_300 // batches)
    tenant.put(dialogs(1_200))
    one = account.limits.model_copy(update={"concurrency": 1})
    with statements() as seen:
        backfill(loader, account.model_copy(update={"limits": one}), DAYS)
    counts = [[mark in text for text in seen].count(True) for mark in (COUNTS, GROWS)]
    assert counts == [1, batches - 1]


def test_a_batch_of_days_without_partitions_is_landed_once(
    loader: Loader, account: Account, tenant: Tenant
) -> None:
    """They are made before it: a transaction that finds none has all its work to do again."""
    tenant.put(dialogs(600))
    with statements() as seen:
        backfill(loader, account, DAYS[:1])
    assert sum("is_contested" in text for text in seen) == 1


def test_keys_that_came_are_sent_again_only_where_others_are_known(
    loader: Loader, account: Account, tenant: Tenant
) -> None:
    """Their number and the sum of their hashes say that none lacks. Where one does, all of them are
    sent, also after it was asked for again; as many with another one among them aren't the same.
    """
    tenant.put(dialogs(600))
    one = account.limits.model_copy(update={"concurrency": 1})
    account = account.model_copy(update={"limits": one})
    counts = []
    for gone, new in (([], []), ([], []), ([1], []), ([2], ["other"])):
        for n in gone:
            tenant.remove(f"{DAYS[0]}/{n}")
        tenant.put(dialogs(1)[0] | {"dialog_uuid": key} for key in new)
        with statements() as seen:
            backfill(loader, account, DAYS)
        counts.append(sum("TEMP TABLE stage_seen" in text for text in seen))
    assert counts == [0, 0, 2, 2]


def test_a_load_looks_into_no_other_day_than_its_own(
    warehouse: Warehouse, loader: Loader, account: Account, tenant: Tenant
) -> None:
    for day in DAYS:
        tenant.put(dialogs(20, day))
    backfill(loader, account, DAYS)
    server = Server(warehouse.url.set(drivername="postgresql").render_as_string(False))
    warehouse.close()
    server.settle()
    before = scans(warehouse)
    tenant.put(changed | {"talking_time": 9_000} for changed in dialogs(20, DAYS[2]))
    backfill(loader, account, [DAYS[2]])
    warehouse.close()
    server.settle()
    after = scans(warehouse)
    looked_into = {day for day, count in after.items() if count != before[day]}
    assert looked_into == {f"{DAYS[2]:%Y%m%d}"}


def scans(warehouse: Warehouse) -> dict[str, int]:
    """By business day, how often its partitions were scanned so far."""
    url = warehouse.url.set(drivername="postgresql").render_as_string(False)
    with closing(psycopg.connect(url)) as connection:
        return {day: int(count) for day, count in connection.execute(SCANS)}


READ = """
SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables
 WHERE schemaname = 'raw' AND relname = 'heads'
"""
STRANGERS = """
INSERT INTO raw.heads (account, stream, record_key, call_date, version, digest, observed_at,
                       first_seen_at)
SELECT 'somebody', 'dialogs', n::text, current_date - mod(n, 30), 1, gen_random_uuid(), now(), now()
  FROM generate_series(1, 5000) n
"""


def test_an_account_that_statistics_do_not_know_has_each_day_counted_by_itself(
    warehouse: Warehouse, loader: Loader, account: Account, tenant: Tenant
) -> None:
    """To Postgres a new account has one record, whichever way it goes: one that leads to all days
    would be read whole for each of them, and a year's load take the square of a day's.
    """
    with warehouse.transaction() as connection:
        connection.exec_driver_sql(STRANGERS)
    with warehouse.autocommit.connect() as connection:
        connection.exec_driver_sql("ANALYZE raw.heads")
        connection.exec_driver_sql("ALTER TABLE raw.heads SET (autovacuum_enabled = off)")

    def read() -> int:
        warehouse.close()
        server.settle()
        with warehouse.autocommit.connect() as connection:
            return int(connection.exec_driver_sql(READ).scalar_one())

    server = Server(warehouse.url.set(drivername="postgresql").render_as_string(False))
    before = read()
    for day in DAYS:
        tenant.put(dialogs(100, day))
        backfill(loader, account, [day])
    assert read() - before <= 3 * 100 * len(DAYS)


def test_known_records_are_looked_up_by_key_however_many_there_are(
    warehouse: Warehouse, loader: Loader, account: Account, tenant: Tenant
) -> None:
    """A plan by another scan would read all that the stream ever had, for each batch."""
    tenant.put(dialogs(3_000))
    backfill(loader, account, DAYS)
    looked_for = [str(n) for n in range(2_500)]
    parameters = {
        "keys": looked_for,
        "digests": [f"{n:032x}" for n in range(2_500)],
        "moments": [str(TODAY)],
        "moment": [1] * 2_500,
        "came_before": [],
        "contests": True,
        "replaces": False,
        "account": account.name,
        "stream": STREAM.name,
    }
    with warehouse.autocommit.connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE raw.heads")
        explain = sa.text(f"EXPLAIN {sql.read('load/changed_records')}")
        plan = "\n".join(connection.scalars(explain, parameters))
    assert re.search(r"Index Scan (using|on) heads_pkey", plan), plan
    assert re.search(r"Index Cond: .*record_key = ANY.*account = .*stream = ", plan), plan
    assert not re.search(r"Seq Scan|heads_by_day", plan), plan
    assert "Hash Left Join" in plan, plan
