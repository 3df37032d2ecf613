"""Brings the marts up to date with the facts, day by day. Knows nothing of Dagster."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from resources.warehouse import Warehouse, execute


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A mart's rows of a day, and how many had to be written or deleted for it."""

    mart: str
    rows: int
    written: int


def stale_days(
    warehouse: Warehouse, quiet: timedelta = timedelta(0), patience: timedelta = timedelta(0)
) -> list[date]:
    """Days that the marts are behind on, newest first.

    Those that no load has changed for `quiet`, and those that wait for that since `patience`.
    """
    rows = warehouse.rows("maintenance/stale_days", quiet=quiet, patience=patience)
    return [row.call_date for row in rows]


def refresh_days(
    warehouse: Warehouse, days: Sequence[date], always: bool = False
) -> Iterator[tuple[date, list[Refreshed]]]:
    """The marts of each day, a transaction a day: killed at any moment, the rest is still stale.

    A day that another refresh has done meanwhile is left out, unless `always`.
    """
    for day in days:
        marts = _refresh(warehouse, day, always)
        if marts:
            yield day, marts


def _refresh(warehouse: Warehouse, day: date, always: bool) -> list[Refreshed]:
    rows = warehouse.in_transaction(
        lambda c: execute(c, "maintenance/refresh_day", day=day, always=always)
    )
    return [Refreshed(row.mart, row.rows, row.written) for row in rows]


def refresh_marts(warehouse: Warehouse) -> list[date]:
    """Refreshes every day whose facts have changed; returns the days."""
    return [day for day, _ in refresh_days(warehouse, stale_days(warehouse))]
