"""Facts put into a warehouse by hand, for tests of what reads them."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from resources.postgres.warehouse import Warehouse

DAY = date(2026, 3, 10)
OLD = [date(2026, 1, 1), date(2026, 1, 2)]
"""Days that are gone for their age soon."""


def put(connection: Connection, table: str, **values: Any) -> None:
    """One row of a table."""
    columns, names = ", ".join(values), ", ".join(f":{name}" for name in values)
    connection.execute(sa.text(f"INSERT INTO {table} ({columns}) VALUES ({names})"), values)


def put_call(connection: Connection, call_id: str, **changes: Any) -> None:
    """An answered, inbound call of ten o'clock in Warsaw."""
    values: dict[str, Any] = {
        "call_date": DAY,
        "account": "acme",
        "stream": "calls",
        "call_id": call_id,
        "vendor": "conpeek",
        "grain": "call",
        "direction": "inbound",
        "started_at": datetime.combine(changes.get("call_date", DAY), time(9), UTC),
        "disposition": "answered",
        "is_final": True,
        "wait_s": 10,
        "talk_s": 100,
    }
    values |= changes
    local = values["started_at"].astimezone(ZoneInfo("Europe/Warsaw")).replace(tzinfo=None)
    put(connection, "facts.calls", **{"started_local": local} | values)


def put_day(connection: Connection, **changes: Any) -> None:
    """What the loader knows of the calls' day."""
    values = {
        "account": "acme",
        "stream": "calls",
        "call_date": DAY,
        "state": "complete",
        "timezone": "Europe/Warsaw",
    }
    put(connection, "ops.days", **values | changes)


def put_account(connection: Connection, **changes: Any) -> None:
    """What accounts.toml says of the calls' account."""
    values = {
        "account": "acme",
        "vendor": "conpeek",
        "timezone": "Europe/Warsaw",
        "country": "PL",
        "start_date": DAY,
        "streams": ["calls"],
        "tells": ["abandoned", "waits", "talk"],
    }
    put(connection, "ops.accounts", **values | changes)


def mark_stale(connection: Connection, day: date = DAY) -> None:
    """As a load does in its own transaction."""
    put(connection, "ops.stale_days", call_date=day)


def query(warehouse: Warehouse, text: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with warehouse.transaction() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text), parameters)]


def at(clock: str, day: date = DAY) -> datetime:
    """A time of Warsaw's clocks."""
    hour, minute, second = map(int, clock.split(":"))
    return datetime(day.year, day.month, day.day, hour - 1, minute, second, tzinfo=UTC)


def today_in(zone: str) -> date:
    """The business day that it is there now."""
    return datetime.now(ZoneInfo(zone)).date()


def put_raw(connection: Connection, day: date) -> None:
    """A raw record of the day."""
    own = {"account": "acme", "stream": "calls", "record_key": f"{day}"}
    record = {"payload": "{}", "first_seen_at": datetime.now(UTC), "request_id": 1}
    put(connection, "raw.records", call_date=day, version=1, **own, **record)
