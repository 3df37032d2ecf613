"""A small world for upgrades: something in every table, the same whoever loads it, and whenever.

A stored dump was made of it by the release that it is named for. So it may only be added to under
another name: what the vendors hold here must stay as it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from assets.loading.load import Loader
from assets.privacy import forget
from assets.privacy.forget import Person
from assets.refresh import refresh_marts
from resources.account import Account, Limits
from resources.postgres.warehouse import Warehouse
from resources.standin import Clock, StandIn, Tenant
from resources.vendors import discover
from sql import facts
from tests.model.vendors import HANDLED, KINDS, UNCONNECTED, Kind, Thing
from tests.privacy_site import site_of

OLD, DAYS = date(2025, 3, 10), [date(2025, 3, 11), date(2025, 3, 12)]
LATER = datetime(2025, 4, 20, 15, tzinfo=UTC)
FORGOTTEN = "+5511999480077"
AUDIO = b"ID3" + b"\x00" * (274_288 - 3)
TASK = {"task_id": "1", "task_name": "Menu", "start_time_epoch": 1741700000}
WITH_DETAILS = {"evolux": "call_details", "vono": "recording_audio"}
OF_THE_LOAD = (
    "first_seen_at", "updated_at", "observed_at", "request_id", "id", "digest", "resolved_at",
    "last_polled_at", "completed_at", "next_read_at", "read_at", "attempts", "last_seen_at",
    "caller_key", "audio_uri", "payload", "expired_at", "note", "next_due_at",
)  # fmt: skip
"""Columns that differ from load to load, or by what the load keeps elsewhere."""
DAYS_OF_THE_LOAD = "to_jsonb(t) - CASE WHEN t.state = 'failed' THEN 'same_since' ELSE '' END"
"""0.1.0 let a read that isn't believed begin `same_since`, and a later one keeps it."""
COMPARED = ("raw.records", "raw.heads", "ops.rejects", "ops.days")


@dataclass(frozen=True)
class World:
    """Accounts of every vendor, and who loads them."""

    warehouse: Warehouse
    accounts: dict[str, Account]
    loaders: dict[str, Loader]
    home: Path

    def load(self) -> None:
        """All days of all streams, in full."""
        for account in self.accounts.values():
            loader, vendor = self.loaders[account.vendor], discover()[account.vendor]
            streams = [vendor.stream(name) for name in account.streams]
            for result in loader.backfill([account], streams, [OLD, *DAYS]):
                assert result.error is None, result.error
        refresh_marts(self.warehouse)

    def age(self) -> None:
        """Somebody is forgotten; the oldest day of raw is detached for its age, and still to be
        dropped.
        """
        site = site_of(self.warehouse, self.accounts, self.home)
        assert forget.forget_person(site, Person(FORGOTTEN))["raw.records"]
        with self.warehouse.transaction() as connection:
            old = f"raw_partitions.records_{OLD:%Y%m%d}"
            connection.exec_driver_sql(f"ALTER TABLE raw.records DETACH PARTITION {old}")

    def tables(self) -> dict[str, list[str]]:
        """What is in the tables that tell what was loaded, and in the marts."""
        marts = self.rows("SELECT 'marts.' || tablename FROM pg_tables WHERE schemaname = 'marts'")
        names = [*COMPARED, *(f"facts.{name}" for name in facts.TABLES), *marts]
        left_out = ", ".join(f"'{name}'" for name in OF_THE_LOAD)
        return {
            name: self.rows(f"SELECT ({shown} - ARRAY[{left_out}])::text FROM {name} t ORDER BY 1")
            for name in names
            for shown in [DAYS_OF_THE_LOAD if name == "ops.days" else "to_jsonb(t)"]
        }

    def rows(self, text: str) -> list[Any]:
        """The first column of what a query finds."""
        with self.warehouse.autocommit.connect() as connection:
            return [row[0] for row in connection.execute(sa.text(text))]


@contextmanager
def open_world(url: str, home: Path) -> Iterator[World]:
    """The vendors, and a warehouse that reads them; nothing is read yet."""
    clock = Clock(LATER)
    with StandIn(clock=clock) as standin:
        accounts = {}
        for kind in (*KINDS, HANDLED, UNCONNECTED):
            account = accounts[str(kind)] = _open(standin, kind)
            assert account.name
        warehouse = Warehouse(url)
        loaders = {
            name: Loader(warehouse, vendor, "upgrade", clock=clock.now)
            for name, vendor in discover().items()
        }
        yield World(warehouse, {a.name: a for a in accounts.values()}, loaders, home)
        for loader in loaders.values():
            loader.close()
        warehouse.close()


def _open(standin: StandIn, kind: Kind) -> Account:
    """An account of a stream, with its details: five calls a day, one of them broken."""
    name = str(kind).replace(".", "-").replace("_", "-")
    tenant = standin.tenant(
        kind.vendor, name, timezone=kind.zone.key, requests_per_s=None, concurrency=None,
        min_interval_s=0, daily_requests=None,
    )  # fmt: skip
    for number, thing in enumerate(_things(), start=1):
        _put(tenant, kind, thing, is_theirs=number % 5 == 0)
    vendor = discover()[kind.vendor]
    own = {"requests_per_s": None, "min_interval_s": 0, "daily_requests": None}
    detail = WITH_DETAILS.get(kind.vendor)
    return Account(
        name=name,
        vendor=vendor.name,
        base_url=standin.url(tenant),
        timezone=tenant.zone,
        start_date=OLD,
        streams=(kind.stream, *([detail] if detail else [])),
        currency="COP",
        country=vendor.country,
        operation=name,
        poll_every=timedelta(minutes=5),
        credentials={"token": SecretStr(tenant.token), "key": SecretStr(tenant.key)},
        limits=Limits.model_validate(vendor.limits.model_dump() | own),
        options=vendor.options(),
    )


def _things() -> Iterator[Thing]:
    number = 0
    for day in (OLD, *DAYS):
        for hour in range(5):
            number += 1
            start = datetime(day.year, day.month, day.day, 14 + hour, tzinfo=UTC)
            yield Thing(number, start, start + timedelta(minutes=1), 10 + number,
                        garbled=hour == 1, broken=hour == 2)  # fmt: skip


def _put(tenant: Tenant, kind: Kind, thing: Thing, *, is_theirs: bool) -> None:
    kind.put(tenant, thing)
    if is_theirs and kind.vendor == "evolux":
        tenant.put([kind.show(thing, kind.zone) | {"caller": FORGOTTEN}])
    if kind.vendor == "evolux":
        tenant.put_detail(thing.number, {"executed_tasks": [TASK]})
    if kind.vendor == "vono":
        tenant.put_audio(thing.number, AUDIO)
