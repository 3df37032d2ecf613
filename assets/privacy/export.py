"""What is known of a person, for a request of access."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from assets.loading.caller_secret import read_caller_secret
from assets.loading.landing.caller_keys import CallerKeys
from assets.privacy.forget import Person, Site
from assets.privacy.places import Places, Search, pattern
from resources.forgotten import Forgotten
from resources.postgres.warehouse import Warehouse
from resources.text import payload
from resources.vendor_api.vendor import AnyStream

LISTED = ("raw.records", "raw.heads", "ops.rejects", "ops.details")
CALLERS = "marts.callers_by_day"
ATTEMPTS = "facts.callback_attempts"


def export_person(site: Site, number: str) -> dict[str, Any]:
    """Every row of records that name the number (in E.164), by table, and what marts have of it by
    its key. Of audio its place. Raises CallhouseError where some can't be read.
    """
    hasher = site.hasher()
    forgotten = Forgotten(hasher, [Person(number).suppressed(hasher)])
    search = Search(site.owners, forgotten, pattern(number))
    found = search.places(site.warehouse, site.step)
    found.require_claimed("aren't exported")
    rows: defaultdict[str, list[Any]] = defaultdict(list)
    for table, row in _rows(site, found, number):
        rows[table].append(row)
    return {
        "number": number,
        "as_of": site.warehouse.now().isoformat(),
        "records": found.records,
        "tables": dict(rows),
    }


def _rows(site: Site, found: Places, number: str) -> Iterator[tuple[str, Any]]:
    warehouse = site.warehouse
    for (account, stream), keys in found.keys.items():
        root, details = site.owners[account].group(stream)
        for one in (root, *details):
            where = {"account": account, "stream": one.name, "keys": sorted(keys)}
            days = [row.call_date for row in warehouse.rows("erase/days", **where)]
            for table, key in _tables(one):
                of_records = f"account = :account AND stream = :stream AND {key} = ANY(:keys)"
                if table == "raw.records" or table.startswith("facts."):
                    of_records += " AND call_date = ANY(:days)"
                yield from _of_table(warehouse, table, of_records, days=sorted(days), **where)
    for ids in found.unkeyed.values():
        yield from _of_table(warehouse, "ops.rejects", "id = ANY(:ids)", ids=sorted(ids))
    key = CallerKeys(warehouse.in_transaction(read_caller_secret)).of_number(number)
    yield from _of_table(warehouse, CALLERS, "caller_key = :key", key=key)


def _tables(stream: AnyStream) -> Iterator[tuple[str, str]]:
    """Those that have rows of the stream's records, and the records' key there."""
    for table in LISTED:
        yield table, "record_key"
    for target in stream.tables:
        key = " || '/' || ".join(f"t.{column}" for column in target.table.record_key)
        yield f"facts.{target.name}", key
        if target.name == "calls":
            yield ATTEMPTS, key


def _of_table(
    warehouse: Warehouse, table: str, where: str, **parameters: Any
) -> Iterator[tuple[str, Any]]:
    statement = sa.text(
        f"SELECT to_jsonb(t)::text AS row FROM {table} t"  # noqa: S608 - our own tables
        f" WHERE {where} ORDER BY 1"
    )
    with warehouse.transaction() as connection:
        for row in connection.execute(statement, parameters):
            yield table, payload.decode(row.row.encode())
