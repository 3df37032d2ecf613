"""What is known of a person, for a request of access."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from assets.privacy.forget import Person, Site
from assets.privacy.places import Places, Search, pattern
from resources.forgotten import Forgotten
from resources.postgres.warehouse import Warehouse
from resources.text import payload
from sql import facts

LISTED = ("raw.records", "raw.heads", "ops.rejects", "ops.details")


def export_person(site: Site, number: str) -> dict[str, Any]:
    """Every row of records that name the number (in E.164), by table. Of audio its place."""
    hasher = site.hasher()
    forgotten = Forgotten(hasher, [Person(number).suppressed(hasher)])
    search = Search(site.owners, forgotten, pattern(number))
    found = search.places(site.warehouse, site.step)
    rows: defaultdict[str, list[Any]] = defaultdict(list)
    for table, row in _rows(site, found):
        rows[table].append(row)
    return {
        "number": number,
        "as_of": site.warehouse.now().isoformat(),
        "records": found.records,
        "tables": dict(rows),
    }


def _rows(site: Site, found: Places) -> Iterator[tuple[str, Any]]:
    for (account, stream), keys in found.keys.items():
        root, details = site.owners[account].group(stream)
        for one in (root, *details):
            where = {"account": account, "stream": one.name, "keys": sorted(keys)}
            days = [row.call_date for row in site.warehouse.rows("erase/days", **where)]
            tables = [f"facts.{table.name}" for table in one.tables]
            for table in (*LISTED, *tables):
                yield from _of_table(site.warehouse, table, where | {"days": sorted(days)})
    for ids in found.unkeyed.values():
        statement = "SELECT to_jsonb(t)::text AS row FROM ops.rejects t WHERE id = ANY(:ids)"
        with site.warehouse.transaction() as connection:
            for row in connection.execute(sa.text(statement), {"ids": sorted(ids)}):
                yield "ops.rejects", payload.decode(row.row.encode())


def _of_table(warehouse: Warehouse, table: str, where: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    schema, _, name = table.partition(".")
    key = "record_key"
    if schema == "facts":
        key = " || '/' || ".join(f"t.{column}" for column in facts.TABLES[name].record_key)
    dated = " AND call_date = ANY(:days)" if table == "raw.records" or schema == "facts" else ""
    statement = sa.text(
        f"SELECT to_jsonb(t)::text AS row FROM {table} t"  # noqa: S608 - our own tables
        f" WHERE account = :account AND stream = :stream AND {key} = ANY(:keys){dated} ORDER BY 1"
    )
    with warehouse.transaction() as connection:
        for row in connection.execute(statement, where):
            yield table, payload.decode(row.row.encode())
