"""Asset checks: red with a sentence that says what to do, green again when it is healed."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._serdes import serialize_value

from assets.checks import CHECKS, StreamChecks
from assets.keys import facts_key, raw_key
from assets.loading.result import Result
from assets.resource import KIND_TAG, POLL
from assets.vendor_assets import vendor_assets
from resources.account import Account
from resources.postgres.warehouse import Warehouse
from resources.standin.faults import Fault
from resources.standin.server import StandIn
from resources.standin.tenant import Tenant
from resources.vendors import discover
from tests.db.conftest import AccountOf
from tests.db.facts import put
from tests.own_warehouse import OwnWarehouse

NOW = datetime.now(UTC)
DAY = (NOW - timedelta(days=2)).date()
MINUTES = timedelta(minutes=30)
VENDOR = discover()["conpeek"]
STREAM = VENDOR.stream("dialogs")
ASSETS = vendor_assets(VENDOR, dg.DailyPartitionsDefinition(start_date=str(DAY), end_offset=2))
ASSET = facts_key(VENDOR, STREAM)
ACCOUNTS: dict[str, Account] = {}
INSTANCE: list[dg.DagsterInstance] = []
"""What Dagster was told so far."""
Verdicts = dict[str, tuple[bool, str | None]]


class Given(OwnWarehouse):
    """The accounts, too, are the test's own."""

    def accounts(self, vendor: str, tags: Mapping[str, str], *_: Any) -> list[Account]:
        return list(ACCOUNTS.values())


@pytest.fixture(autouse=True)
def _instance() -> Iterator[None]:
    with dg.DagsterInstance.ephemeral() as instance:
        INSTANCE[:] = [instance]
        yield


@pytest.fixture
def tenant(standin: StandIn, account_of: AccountOf) -> Iterator[Tenant]:
    tenant = standin.tenant("conpeek", "demo-pl", timezone="UTC")
    ACCOUNTS["demo-pl"] = account_of(tenant, start_date=DAY)
    yield tenant
    ACCOUNTS.clear()


def run(url: str, poll: bool = False) -> Verdicts:
    """What the checks of one run told."""
    tags = {KIND_TAG: POLL} if poll else {}
    selection = dg.AssetSelection.assets(ASSETS)
    result = dg.materialize(
        [ASSETS],
        selection=selection.without_checks() if poll else selection,
        partition_key=str(DAY),
        resources={"callhouse": Given(url=url)},
        instance=INSTANCE[0],
        tags=tags,
        raise_on_error=False,
    )
    told = [
        event.asset_check_evaluation_data
        for event in result.all_events
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    return {data.check_name: (data.passed, data.description) for data in told}


def dialog(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "dialog_uuid": f"d-{number}",
        "dialog_type": "EXTERNAL",
        "business_direction": "INBOUND",
        "start_time": f"{DAY} 10:00:00",
        "hangup_time": f"{DAY} 10:05:00",
        "talking_time": 1500,
    } | changes


def test_a_broken_record_turns_a_check_red_and_its_correction_green(
    tenant: Tenant, database_url: str
) -> None:
    tenant.put([dialog(1), dialog(2, dialog_type=["EXTERNAL"])])
    told = run(database_url)
    assert {name for name, (passed, _) in told.items() if not passed} == {"complete"}
    assert told["complete"][1] == (
        f"demo-pl, {DAY}: 1 record(s) rejected: see ops.rejects for field and reason; healed by "
        "the next read once the vendor or the mapping is right"
    )
    assert set(told) == {check.name for check in CHECKS}, "what was planned is told"

    tenant.put([dialog(2)])
    assert run(database_url, poll=True)["complete"] == (True, CHECKS[0].description)
    assert run(database_url, poll=True) == {}, "an idle poll tells nothing"


HOSTILE = (
    "![x](/graphql?query=mutation%7B) [a](https://evil.example) <img src=//evil.example> <!channel>"
    " \x1b[2J \x1b]0;x\x07 +57 300 123 4567 " + "A" * 5_000_000
)
LIVE = re.compile(r"(?<!\\)!?(?<!\\)\[[^]]*\]\(|(?<!\\)<|://|\x1b|\x07")
"""An image, a link, HTML, and what a terminal obeys; without a backslash before it."""


def test_what_a_vendor_says_formats_no_page_and_fills_no_storage(
    tenant: Tenant, database_url: str
) -> None:
    tenant.arm(Fault.status(200, payload={"error": True, "message": HOSTILE}), 20)
    tenant.put([dialog(1)])
    run(database_url)
    instance = INSTANCE[0]
    logs = [log for run in instance.get_runs() for log in instance.all_logs(run.run_id)]
    events = [log.get_dagster_event() for log in logs if log.is_dagster_event]
    checked = [event.asset_check_evaluation_data for event in events
               if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION]  # fmt: skip
    text = next(check.description for check in checked if not check.passed)
    assert text is not None
    assert "mutation" in text, "it is quoted"
    assert not LIVE.search(text)
    assert len(text) < 3_000
    stored = [serialize_value(log) for log in logs]
    assert sum(map(len, stored)) < 1_000_000
    assert not any("A" * 3_000 in entry or "u001b]" in entry for entry in stored)
    warehouse = Warehouse(database_url)
    try:
        for table in ("ops.days", "ops.streams", "ops.requests", "ops.rejects", "ops.findings"):
            with warehouse.transaction() as c:
                rows = [str(row) for row in c.execute(sa.text(f"SELECT t::text FROM {table} t"))]
            assert sum(map(len, rows)) < 100_000, table
    finally:
        warehouse.close()


def test_a_day_that_falls_silent_is_warned_of_until_it_speaks_again(
    tenant: Tenant, database_url: str
) -> None:
    tenant.put([dialog(1), dialog(2)])
    assert run(database_url)["plausible"][0]
    tenant.clear()
    told = run(database_url)
    assert {name for name, (passed, _) in told.items() if not passed} == {"plausible"}
    assert told["plausible"][1] == (
        f"demo-pl, {DAY}: 0 of 2 known records came: all are kept until `callhouse accept demo-pl "
        f"dialogs {DAY}` says that it is right"
    )
    tenant.put([dialog(1), dialog(2)])
    assert run(database_url)["plausible"][0]


def test_a_field_that_cannot_be_read_is_warned_of_until_it_can(
    tenant: Tenant, database_url: str
) -> None:
    tenant.put(
        [
            dialog(1),
            dialog(2, talking_time="a secret of Ana's", serve_time="0000-00-00 00:00:00"),
            dialog(3, talking_time="another", waiting_time=[5]),
        ]
    )
    passed, told = run(database_url)["readable"]
    assert not passed
    assert told == (
        f"demo-pl, {DAY}: talking_time: expected a number of seconds, MM:SS or HH:MM:SS, in 2 of 3 "
        f"records (since {DAY}); waiting_time: expected a number of seconds, MM:SS or HH:MM:SS, in "
        f"1 of 3 records (since {DAY}). The facts have NULL there, or what was kept of it; "
        "raw.records what was sent: report it; after an upgrade that reads it, materialise the "
        "facts asset of these days"
    )
    tenant.put([dialog(2, serve_time="0000-00-00 00:00:00"), dialog(3)])
    assert run(database_url)["readable"][0], "a placeholder is nothing to warn of"


def test_a_materialisation_shows_what_was_not_read(tenant: Tenant, database_url: str) -> None:
    tenant.put([dialog(1, talking_time="much", serve_time="0000-00-00 00:00:00"), dialog(2)])
    result = dg.materialize(
        [ASSETS],
        selection=[ASSET, raw_key(VENDOR, STREAM)],
        partition_key=str(DAY),
        resources={"callhouse": Given(url=database_url)},
    )
    materialisations = result.get_asset_materialization_events()
    shown = materialisations[0].materialization.metadata["fields not read"]
    assert isinstance(shown, dg.TableMetadataValue)
    assert {(row.data["field"], row.data["records"]) for row in shown.records} == {
        ("talking_time", 1),
        ("serve_time", 1),
    }


@pytest.mark.long
def test_what_was_lost_from_a_table_is_found_and_rebuilt(
    tenant: Tenant, database_url: str, warehouse: Warehouse
) -> None:
    tenant.put([dialog(n) for n in range(3)])
    run(database_url)
    with warehouse.transaction() as connection:
        connection.execute(sa.text("DELETE FROM facts.call_legs WHERE leg_id = 'd-1'"))
    note = "materialise the facts asset of this day to rebuild it"
    counted = f"demo-pl, {DAY}: 3 raw records, but 2 facts and 0 rejects"
    assert run(database_url)["reconciled"] == (False, f"{counted}: {note}")
    result = dg.materialize(
        [ASSETS],
        selection=[ASSET],
        partition_key=str(DAY),
        resources={"callhouse": Given(url=database_url)},
    )
    assert result.success
    assert run(database_url)["reconciled"][0]


def test_refused_credentials_are_told_by_account_and_end_with_working_ones(
    tenant: Tenant, database_url: str
) -> None:
    good, tenant.token = tenant.token, "another"
    passed, told = run(database_url, poll=True)["fresh"]
    assert not passed
    assert told
    assert "polls of this account have stopped" in told

    tenant.token = good
    account = ACCOUNTS["demo-pl"]
    ACCOUNTS["demo-pl"] = account.model_copy(update={"name": "demo-pl"})
    assert run(database_url)["fresh"][0], "a backfill that gets through is proof enough"


def test_every_check_runs_on_every_stream(
    warehouse: Warehouse,
    account_of: AccountOf,
    standin: StandIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where there is nothing to find, and was nothing, nothing is written."""
    asked: list[str] = []
    rows = Warehouse.rows

    def noted(warehouse: Warehouse, statement: str, *others: Any, **parameters: Any) -> list[Any]:
        asked.append(statement)
        return rows(warehouse, statement, *others, **parameters)

    monkeypatch.setattr(Warehouse, "rows", noted)

    for vendor in discover().values():
        account = account_of(standin.tenant(vendor.name, f"demo-{vendor.name}"))
        for stream in vendor.streams:
            result = Result(account.name, stream.name)
            result.loaded.days.add(DAY)
            checks = StreamChecks(warehouse, vendor, stream, [account])
            assert checks.update([result], NOW) == set()
    assert {f"checks/{check.name}" for check in CHECKS} < set(asked)
    assert "checks/replace_findings" not in asked


@pytest.mark.parametrize("is_loaded", [True, False])
def test_nothing_is_found_of_a_stream_that_is_not_loaded_any_more(
    warehouse: Warehouse, account_of: AccountOf, standin: StandIn, is_loaded: bool
) -> None:
    """A rebuild is of it, too."""
    vendor, name = discover()["wolkvox"], "unconnected_calls"
    streams = ("calls", name) if is_loaded else ("calls",)
    account = account_of(standin.tenant("wolkvox", "demo-co"), streams=streams)
    with warehouse.transaction() as connection:
        put(connection, "ops.streams", account="demo-co", stream=name, vendor="wolkvox",
            watermark=NOW - timedelta(days=9))  # fmt: skip
    checks = StreamChecks(warehouse, vendor, vendor.stream(name), [account])
    assert checks.update([Result("demo-co", name)], NOW) == ({"fresh"} if is_loaded else set())


@pytest.mark.parametrize(("known_for", "is_told"), [(timedelta(days=3), True), (MINUTES, False)])
def test_yesterday_is_missed_unless_its_account_is_new(
    warehouse: Warehouse, known_for: timedelta, is_told: bool
) -> None:
    """As in the morning's alert; and the day's own note says what it waits for."""
    yesterday = NOW.date() - timedelta(days=1)
    note = "cdr_dialog may be asked again at noon"
    inserts = [
        (
            "INSERT INTO ops.streams (account, stream, vendor, watermark)"
            " VALUES ('demo-pl', 'dialogs', 'conpeek', :now)"
        ),
        (
            "INSERT INTO ops.days (account, stream, call_date, state, timezone, note)"
            " VALUES ('demo-pl', 'dialogs', :yesterday, 'open', 'UTC', :note)"
        ),
        (
            "INSERT INTO ops.requests (account, stream, report, backfill, requested_at, duration_s)"
            " VALUES ('demo-pl', 'dialogs', 'cdr_dialog', false, :first, 1)"
        ),
    ]
    with warehouse.transaction() as connection:
        for insert in inserts:
            connection.execute(
                sa.text(insert),
                {"now": NOW, "yesterday": yesterday, "note": note, "first": NOW - known_for},
            )
    rows = warehouse.rows(
        "checks/complete", accounts=["demo-pl"], stream="dialogs", yesterdays=[yesterday],
        late=[True], now=NOW,
    )  # fmt: skip
    told = ("demo-pl", yesterday, f"not read whole yet: {note}")
    assert [tuple(row) for row in rows] == ([told] if is_told else [])
