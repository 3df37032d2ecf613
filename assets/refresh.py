"""Brings the marts up to date with the facts, day by day. Knows nothing of Dagster."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.holidays import fill_holidays
from resources.postgres.errors import TOO_MUCH, message, refuses, sqlstate
from resources.postgres.objects import marts_of_others
from resources.postgres.warehouse import Warehouse, execute
from sql.mart import Mart, fed_by, marts

ANOTHER_VERSION = (
    "another version of Callhouse has made it: run `callhouse migrate` with the newest, which logs "
    "what is in its way, and end the others"
)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A mart's rows of a day, and how many had to be written or deleted for it.

    `error`: why it isn't refreshed. It is still behind then, the other marts aren't.
    """

    mart: str
    rows: int = 0
    written: int = 0
    error: str | None = None


def tables() -> Mapping[str, Mart]:
    """The marts that have to be refreshed."""
    return {name: mart for name, mart in marts().items() if not mart.is_view}


def stale_days(
    warehouse: Warehouse, quiet: timedelta = timedelta(0), patience: timedelta = timedelta(0)
) -> list[date]:
    """Days that the marts are behind on, newest first.

    Those that no load has changed for `quiet`, and those that wait for that since `patience`.
    """
    rows = warehouse.rows("maintenance/stale_days", quiet=quiet, patience=patience)
    return [row.call_date for row in rows]


def days_with_reads(warehouse: Warehouse, days: Sequence[date]) -> list[date]:
    """Of the days those of which anything was read, newest first: of others no mart can tell."""
    return [row.call_date for row in warehouse.rows("plan/days_with_reads", days=days)]


def refresh_days(
    warehouse: Warehouse, days: Sequence[date], always: bool = False
) -> Iterator[tuple[date, list[Refreshed]]]:
    """The marts of each day, a transaction a day: killed at any moment, the rest is still stale.
    Newest first: the day that a callback has moved to knows its attempts by the one that it left.

    A day that another refresh has done meanwhile is left out, unless `always`.
    """
    if days:
        fill_holidays(warehouse)
    for day in sorted(days, reverse=True):
        done = warehouse.in_transaction(partial(refresh_day, day=day, always=always))
        if done:
            yield day, done


def refresh_day(connection: Connection, day: date, always: bool = False) -> list[Refreshed]:
    """The marts that are behind on the day, or all of them, each by itself: one that fails stays
    behind, and stops no other. Where it is known whose facts changed, only the rows of these
    accounts are computed. Those whose facts are gone for their age keep what there was. What is of
    another version of Callhouse, as on the host that is upgraded last, stays behind for that one.
    """
    execute(connection, "maintenance/lock_marts_day", day=day)
    marks = execute(connection, "maintenance/take_stale_day", day=day)
    read = execute(connection, "maintenance/accounts_of_day", day=day)
    expired = {row.account for row in read if row.is_expired}
    if expired and len(expired) == len(read):
        return []
    others = marts_of_others(connection)
    for name in others:
        if any(mark.mart in (None, name) for mark in marks):
            execute(connection, "maintenance/mark_mart_stale", day=day, marts=fed_by(name))
    done = []
    for name, mart in tables().items():
        behind = {mark.account for mark in marks if mark.mart in (None, name)} - expired
        if name in others:
            if always or behind:
                done.append(Refreshed(name, error=ANOTHER_VERSION))
        elif always or behind:
            whole = always or None in behind or not mart.by_account
            accounts = None if whole else sorted(behind)
            done.append(_refresh(connection, mart, day, accounts, sorted(expired)))
    return done


def totals(warehouse: Warehouse, mart: Mart, day: date) -> dict[str, int]:
    """What a mart that counts something counts of the day in all."""
    if not mart.counts:
        return {}
    with warehouse.transaction() as connection:
        return dict(connection.execute(sa.text(mart.totals()), {"day": day}).mappings().one())


def refresh_marts(warehouse: Warehouse) -> list[date]:
    """Refreshes every day whose facts have changed; returns the days."""
    return [day for day, _ in refresh_days(warehouse, stale_days(warehouse))]


def _refresh(
    connection: Connection,
    mart: Mart,
    day: date,
    accounts: Sequence[str] | None,
    but: Sequence[str],
) -> Refreshed:
    try:
        with connection.begin_nested():
            row = connection.execute(
                sa.text(mart.refresh()), {"day": day, "accounts": accounts, "but": but}
            ).one()
            return Refreshed(mart.name, row.rows, row.written)
    except sa.exc.DBAPIError as error:
        if isinstance(error, sa.exc.OperationalError) and not refuses(error):
            raise  # the database's trouble, or another's: all of it is tried again
        execute(connection, "maintenance/mark_mart_stale", day=day, marts=fed_by(mart.name))
        return Refreshed(mart.name, error=_reason(error))


def _reason(error: sa.exc.DBAPIError) -> str:
    """What is wrong, without the rows that Postgres may quote."""
    if (sqlstate(error) or "").startswith(TOO_MUCH):
        return "a row of it is longer than Postgres can index: cut its texts in its statement"
    return message(error)
