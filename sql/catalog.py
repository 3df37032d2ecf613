"""What `sql/` says of tables and views: columns, types and comments, without asking a database."""

import re
from dataclasses import dataclass
from functools import cache

import sql

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


@cache
def tables() -> dict[str, tuple[Column, ...]]:
    """The columns of every table of `sql/schema`, by `schema.table`."""
    return {
        table: tuple(
            Column(name, kind, comments().get(f"{table}.{name}", ""), "NOT NULL" in rest)
            for name, kind, rest in _COLUMN.findall(body)
        )
        for table, body in _TABLE.findall(_text("schema"))
    }


@cache
def views() -> dict[str, tuple[Column, ...]]:
    """The columns of every view of `sql/marts`, by `schema.view`.

    A view's comments name its columns; each has the type of its namesakes in tables, as a name
    means the same everywhere.
    """
    types = {column.name: column.type for columns in tables().values() for column in columns}
    return {
        view: tuple(
            Column(name, types[name], text, False)
            for place, text in comments().items()
            if place.startswith(f"{view}.") and (name := place.rpartition(".")[2])
        )
        for view in _VIEW.findall(_text("marts"))
    }


@cache
def comments() -> dict[str, str]:
    """Every comment, by `schema.table` or `schema.table.column`."""
    text = _text("schema") + _text("marts")
    return {place: told.replace("''", "'") for place, told in _COMMENT.findall(text)}


def _text(folder: str) -> str:
    return "\n".join(sql.read(name) for name in sql.names(folder))
