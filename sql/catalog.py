"""What there is in tables and views: columns, types and comments, without asking a database.

Facts are described in `sql.facts`; of everything else the SQL files say it.
"""

import re
from dataclasses import dataclass
from functools import cache

import sql
from sql import facts
from sql.table import Table

_TABLE = re.compile(r"CREATE TABLE (\w+\.\w+) \(\n(.*?)\n\)", re.DOTALL)
_COLUMN = re.compile(r"^ {4}(\w+) +([a-z]\w*(?: precision)?(?:\[\])?)(.*)$", re.MULTILINE)
_COMMENT = re.compile(
    r"COMMENT ON (?:TABLE|VIEW|COLUMN) (\w+\.\w+(?:\.\w+)?) IS\s+'((?:[^']|'')*)'"
)
_VIEW = re.compile(r"CREATE OR REPLACE VIEW (\w+\.\w+) AS")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table or view."""

    name: str
    type: str
    comment: str
    required: bool
    personal: bool = False
    unit: str | None = None


def tables() -> dict[str, tuple[Column, ...]]:
    """The columns of every table, by `schema.table`."""
    described = {f"facts.{table.name}": _described(table) for table in facts.TABLES.values()}
    return described | _written_tables()


def views() -> dict[str, tuple[Column, ...]]:
    """The columns of every view of `sql/marts`, by `schema.view`.

    A view's comments name its columns; each has the type of its namesakes in tables, as a name
    means the same everywhere.
    """
    types = {column.name: column.type for columns in tables().values() for column in columns}
    return {
        view: tuple(
            Column(name, types[name], text, False)
            for place, text in _written_comments().items()
            if place.startswith(f"{view}.") and (name := place.rpartition(".")[2])
        )
        for view in _VIEW.findall(_written())
    }


def meaning(name: str) -> str:
    """The comment on a table or view, given as `schema.name`. Raises KeyError."""
    schema, _, table = name.partition(".")
    return facts.TABLES[table].meaning if schema == "facts" else _written_comments()[name]


def _described(table: Table) -> tuple[Column, ...]:
    return tuple(
        Column(c.name, c.type, c.comment, c.required, c.personal, c.unit) for c in table.columns
    )


@cache
def _written_tables() -> dict[str, tuple[Column, ...]]:
    return {
        table: tuple(
            Column(name, kind, _written_comments().get(f"{table}.{name}", ""), "NOT NULL" in rest)
            for name, kind, rest in _COLUMN.findall(body)
        )
        for table, body in _TABLE.findall(_written())
    }


@cache
def _written_comments() -> dict[str, str]:
    """Every comment, by `schema.table` or `schema.table.column`."""
    return {place: told.replace("''", "'") for place, told in _COMMENT.findall(_written())}


@cache
def _written() -> str:
    return "\n".join(sql.read(name) for name in sql.names("schema") + sql.names("marts"))
