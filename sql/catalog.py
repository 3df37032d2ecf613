"""What there is in tables and views: columns, types and comments, without asking a database.

Facts are described in `sql.facts`, marts in `sql.mart`; of everything else the SQL files say it.
"""

import re
from dataclasses import dataclass
from functools import cache

import sql
from sql import facts, mart
from sql.table import Table

_TABLE = re.compile(r"CREATE TABLE (\w+\.\w+) \(\n(.*?)\n\)", re.DOTALL)
_COLUMN = re.compile(r"^ {4}(\w+) +([a-z]\w*(?: precision)?(?:\[\])?)(.*)$", re.MULTILINE)
_COMMENT = re.compile(r"COMMENT ON (?:TABLE|COLUMN) (\w+\.\w+(?:\.\w+)?) IS\s+'((?:[^']|'')*)'")

OPEN_OPS = frozenset(
    {
        "account", "country", "currency", "run_id", "start_date", "state", "stream", "streams",
        "timezone", "vendor",
    }
)  # fmt: skip
"""Texts of `ops` that aren't personal, whichever table has them."""


@dataclass(frozen=True, slots=True)
class CatalogColumn:
    """A column of a table or view."""

    name: str
    type: str
    comment: str
    required: bool
    personal: bool = False
    unit: str | None = None


def tables() -> dict[str, tuple[CatalogColumn, ...]]:
    """The columns of every table, by `schema.table`."""
    described = {f"facts.{table.name}": _described(table) for table in facts.TABLES.values()}
    return described | _written_tables() | _marts(are_views=False)


def views() -> dict[str, tuple[CatalogColumn, ...]]:
    """The columns of every view of `marts`, by `schema.view`."""
    return _marts(are_views=True)


def open_columns(agents: bool) -> dict[str, dict[str, bool]]:
    """Of every table and view of marts its columns, and whether analysts without personal data may
    read them; `agents`: whether they may read names of agents.
    """
    return {
        found.qualified: {column.name: _is_open(column, agents) for column in found.columns}
        for found in mart.marts().values()
    }


def _is_open(column: mart.MartColumn, agents: bool) -> bool:
    """What the description says; or else figures and times are, and a text is if all that it comes
    from is: one that doesn't say where from isn't.
    """
    if column.personal is not None:
        return not column.personal
    if column.type not in ("json", "jsonb", "text", "text[]"):
        return True
    return bool(column.sources) and all(_is_open_source(s, agents) for s in column.sources)


def _is_open_source(source: mart.SourceColumn, agents: bool) -> bool:
    if source.schema == "facts":
        return facts.TABLES[source.table].column(source.column).is_open(agents)
    if source.schema == "marts":
        known = {column.name: column for column in mart.marts()[source.table].columns}
        return source.column in known and _is_open(known[source.column], agents)
    return source.column in OPEN_OPS


def meaning(name: str) -> str:
    """The comment on a table or view, given as `schema.name`. Raises KeyError."""
    schema, _, table = name.partition(".")
    if (found := mart.marts().get(table)) and found.qualified == name:
        return found.meaning
    return facts.TABLES[table].meaning if schema == "facts" else _written_comments()[name]


def _marts(are_views: bool) -> dict[str, tuple[CatalogColumn, ...]]:
    return {
        found.qualified: tuple(
            CatalogColumn(c.name, c.type, c.meaning, c.required and not are_views)
            for c in found.columns
        )
        for found in mart.marts().values()
        if found.is_view is are_views
    }


def _described(table: Table) -> tuple[CatalogColumn, ...]:
    return tuple(
        CatalogColumn(c.name, c.type, c.comment, c.required, c.personal, c.unit)
        for c in table.columns
    )


@cache
def _written_tables() -> dict[str, tuple[CatalogColumn, ...]]:
    return {
        table: tuple(
            CatalogColumn(
                name, kind, _written_comments().get(f"{table}.{name}", ""), "NOT NULL" in rest
            )
            for name, kind, rest in _COLUMN.findall(body)
        )
        for table, body in _TABLE.findall(_written())
    }


@cache
def _written_comments() -> dict[str, str]:
    """Every comment, by `schema.table` or `schema.table.column`."""
    return {place: text.replace("''", "'") for place, text in _COMMENT.findall(_written())}


@cache
def _written() -> str:
    return "\n".join(sql.read(name) for name in sql.names("schema"))
