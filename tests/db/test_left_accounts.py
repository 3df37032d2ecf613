"""Accounts that were taken out of the accounts file: nobody waits for their days any more."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from assets.loading.stream_state import account_note, note_accounts, read_states
from assets.resource import CallhouseResource
from pipelines.sensors import accounts_sensor
from resources.configuration.accounts import read_accounts
from resources.postgres.warehouse import Warehouse
from resources.vendors import discover
from tests.db.facts import put

TODAY = datetime.now(UTC).date()
YESTERDAY, BEFORE = TODAY - timedelta(days=1), TODAY - timedelta(days=2)
VENDOR = discover()["conpeek"]


@pytest.fixture
def file(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "accounts.toml"
    monkeypatch.setenv("A_TOKEN", "s3cr3t-t0ken")
    monkeypatch.setenv("CALLHOUSE_ACCOUNTS", str(file))
    monkeypatch.setenv("CALLHOUSE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CALLHOUSE_DATABASE_URL", database_url)
    return file


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def write(file: Path, *names: str, more: str = "") -> None:
    entries = [
        f"[accounts.{name}]\nvendor = 'conpeek'\nbase_url = 'https://x.example/{name}'\n"
        f"timezone = 'UTC'\nstart_date = {BEFORE}\ncredentials.token.env = 'A_TOKEN'\n"
        for name in names
    ]
    file.write_text("\n".join(entries) + more, encoding="utf-8")


def trusted(warehouse: Warehouse) -> dict[tuple[str, date], str]:
    with warehouse.transaction() as connection:
        rows = connection.execute(
            sa.text("SELECT account, call_date, trust FROM marts.trust_by_day")
        )
        return {(row.account, row.call_date): row.trust for row in rows}


def test_no_day_is_waited_for_after_an_account_has_left_until_it_is_back(
    warehouse: Warehouse, instance: dg.DagsterInstance, file: Path
) -> None:
    tick = accounts_sensor(lambda _: [])

    def look() -> None:
        resources = {"callhouse": CallhouseResource()}
        tick.evaluate_tick(dg.build_sensor_context(instance, resources=resources))

    write(file, "acme", "other")
    accounts = read_accounts(file)
    with warehouse.transaction() as connection:
        note_accounts(connection, VENDOR, list(accounts.values()), datetime.now(UTC))
        for name in accounts:
            put(connection, "ops.streams", account=name, stream="dialogs", vendor="conpeek")
    write(file, "acme", more="[accounts.new")
    look()
    assert {day for name, day in trusted(warehouse) if name == "other"} == {
        BEFORE, YESTERDAY, TODAY,
    }, "as long as the file is wrong, nobody has left"  # fmt: skip

    write(file, "acme")
    look()
    with warehouse.transaction() as connection:
        left = (
            "UPDATE ops.accounts SET left_at = left_at - interval '1 day' WHERE account = 'other'"
        )
        connection.execute(sa.text(left))
    assert {day for name, day in trusted(warehouse) if name == "other"} == {BEFORE, YESTERDAY}
    assert {day for name, day in trusted(warehouse) if name == "acme"} == {BEFORE, YESTERDAY, TODAY}

    [stream] = [stream for stream in VENDOR.streams if stream.name == "dialogs"]
    states = read_states(warehouse, list(accounts.values()), [stream])
    noted = {name: states[name, "dialogs"].noted for name in accounts}
    assert noted == {"acme": account_note(VENDOR, accounts["acme"]), "other": None}
    with warehouse.transaction() as connection:
        note_accounts(connection, VENDOR, [accounts["other"]], datetime.now(UTC))
    assert {day for name, day in trusted(warehouse) if name == "other"} == {
        BEFORE, YESTERDAY, TODAY,
    }  # fmt: skip


def test_an_account_that_is_noted_after_it_has_left_leaves_once_more(
    warehouse: Warehouse, instance: dg.DagsterInstance, file: Path
) -> None:
    """By a run that had read the file before, or by an older Callhouse, which knew no leaving."""
    tick = accounts_sensor(lambda _: [])
    cursors: list[str | None] = [None]

    def look() -> None:
        resources = {"callhouse": CallhouseResource()}
        context = dg.build_sensor_context(instance, cursor=cursors[-1], resources=resources)
        cursors.append(tick.evaluate_tick(context).cursor)

    write(file, "acme", "other")
    accounts = list(read_accounts(file).values())
    write(file, "acme")
    look()
    with warehouse.transaction() as connection:
        note_accounts(connection, VENDOR, accounts, datetime.now(UTC))
    look()
    assert cursors[1] == cursors[2], "the file is as it was"
    with warehouse.transaction() as connection:
        asked = sa.text("SELECT account FROM ops.accounts WHERE left_at IS NOT NULL")
        assert list(connection.execute(asked).scalars()) == ["other"]
