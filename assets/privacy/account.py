"""Everything that was ever read of an account out of the warehouse."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import partial

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import sql.catalog
from assets.loading.audio_files import remove_audio_of_day
from assets.loading.personal.erase import Counts
from assets.loading.stream_state import wait_for_loads
from assets.maintenance.expiry import CHUNK
from assets.privacy.places import Owner, Step
from resources.postgres.warehouse import Warehouse, execute
from sql import facts

KNOWN_BY = ("ops.accounts", "ops.streams")
"""What says that there is such an account."""


def erase_account(
    warehouse: Warehouse, owner: Owner, note: Callable[[Counts], None], step: Step
) -> set[date]:
    """Day by day, then what isn't of a day. Returns the days that had facts.

    The account is suppressed already.
    """
    wait_for_loads(warehouse, owner.name, owner.vendor)
    touched: set[date] = set()
    days = [row.day for row in warehouse.rows("erase/stored_days")]
    for done, day in enumerate(days, start=1):
        counts = warehouse.in_transaction(partial(_erase_day, account=owner.name, day=day))
        note(counts)
        if any(place.startswith("facts.") for place in counts):
            touched.add(day)
        step("Erasing", done, len(days))
    for table in _tables():
        note(Counter({table: _erase_rows(warehouse, table, owner.name)}))
    return touched


def _erase_day(connection: Connection, account: str, day: date) -> Counts:
    where = {"account": account, "day": day}
    counts: Counts = Counter()
    counts.update(remove_audio_of_day(partial(execute, connection), day, account))
    for table in facts.TABLES.values():
        rows = execute(connection, "erase/account_facts", table, **where)
        counts[f"facts.{table.name}"] += rows[0].rows
    counts["raw.records"] += execute(connection, "erase/account_versions", **where)[0].rows
    found = +counts
    if found:
        execute(connection, "load/mark_stale", account=account, days=[day])
    return found


def _tables() -> list[str]:
    """Those with rows by account that aren't of a day's partitions: marts, too, which nobody
    computes again for days whose facts are gone for their age. The marks of stale days stay: those
    that were made here are of marts that are still to be refreshed, also without this process.
    The last ones are those by which the account is known: until then it is found again.
    """
    kept = {"ops.stale_days", "raw.records", *(f"facts.{name}" for name in facts.TABLES)}
    found = [
        name
        for name, columns in sql.catalog.tables().items()
        if name not in kept and any(column.name == "account" for column in columns)
    ]
    return sorted(found, key=lambda name: name in KNOWN_BY)


def _erase_rows(warehouse: Warehouse, table: str, account: str) -> int:
    statement = sa.text(
        f"DELETE FROM {table} WHERE ctid = ANY(ARRAY("  # noqa: S608 - of our own catalog
        f"SELECT ctid FROM {table} WHERE account = :account LIMIT :most))"
    )
    total = 0
    while True:
        found = warehouse.in_transaction(
            lambda c: c.execute(statement, {"account": account, "most": CHUNK}).rowcount
        )
        total += found
        if found < CHUNK:
            return total
