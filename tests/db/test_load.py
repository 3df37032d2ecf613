"""Loading, end to end: real HTTP from the stand-in vendors, a real Postgres."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from assets.loading.load import Loader
from resources.postgres.warehouse import Warehouse
from resources.standin.server import StandIn
from resources.vendors import discover
from tests.db.conftest import AccountOf

DAY = date(2026, 3, 10)


def dialog(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "dialog_uuid": f"d-{number}",
        "dialog_type": "EXTERNAL",
        "business_direction": "INBOUND",
        "start_time": f"2026-03-10 10:{number % 60:02}:00",
        "hangup_time": f"2026-03-10 11:{number % 60:02}:00",
        "talking_time": 1500,
        "waiting_time": 2000,
        "from_display_target": "+48221234567",
        "to_display_target": "600",
        "machine_detected": 0,
    } | changes


def query(warehouse: Warehouse, text: str) -> list[Any]:
    with warehouse.transaction() as connection:
        return list(connection.execute(sa.text(text)))


@pytest.fixture
def loader(warehouse: Warehouse) -> Any:
    loader = Loader(warehouse, discover()["conpeek"], "test-run")
    yield loader
    loader.close()


def test_a_backfilled_day_is_complete_and_a_second_pass_writes_nothing(
    warehouse: Warehouse, standin: StandIn, account_of: AccountOf, loader: Loader
) -> None:
    tenant = standin.tenant("conpeek", "demo-pl")
    tenant.put([dialog(n) for n in range(1, 1203)])
    account = account_of(tenant)
    stream = discover()["conpeek"].stream("dialogs")

    first = loader.backfill([account], [stream], [DAY])[0]
    assert (first.error, first.loaded.total.records, first.loaded.total.new) == (None, 1202, 1202)
    before = query(warehouse, "SELECT * FROM facts.call_legs ORDER BY leg_id")
    second = loader.backfill([account], [stream], [DAY])[0]
    assert (
        second.error,
        second.loaded.total.records,
        second.loaded.total.new,
        second.loaded.total.changed,
    ) == (
        None,
        1202,
        0,
        0,
    )
    assert query(warehouse, "SELECT * FROM facts.call_legs ORDER BY leg_id") == before
    assert query(warehouse, "SELECT count(*) FROM raw.records") == [(1202,)]
    assert query(warehouse, "SELECT state, raw_records, facts, rejects, note FROM ops.days") == [
        ("complete", 1202, 1202, 0, None)
    ]
    assert query(
        warehouse,
        "SELECT talk_s, wait_s, disposition, from_e164, to_e164, call_date"
        "  FROM facts.calls LIMIT 1",
    ) == [(1.5, 2.0, "answered", "+48221234567", None, DAY)]
