"""What `sql/schema` says of tables: columns, types and comments, without asking a database."""

import re
from dataclasses import dataclass
from functools import cache

import sql

_TABLE = re.compile(r"CREATE TABLE (\w+\.\w+) \(\n(.*?)\n\)", re.DOTALL)
_COLUMN = re.compile(r"^ {4}(\w+) +([a-z]\w*(?: precision)?(?:\[\])?)(.*)$", re.MULTILINE)
_COMMENT = re.compile(r"COMMENT ON COLUMN (\w+\.\w+)\.(\w+) IS '((?:[^']|'')*)'")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    type: str
    comment: str
    required: bool


@cache
def tables() -> dict[str, tuple[Column, ...]]:
    """The columns of every table of `sql/schema`, by `schema.table`."""
    text = "\n".join(sql.read(name) for name in sql.names("schema"))
    comments = {(t, c): told.replace("''", "'") for t, c, told in _COMMENT.findall(text)}
    return {
        table: tuple(
            Column(name, kind, comments.get((table, name), ""), "NOT NULL" in rest)
            for name, kind, rest in _COLUMN.findall(body)
        )
        for table, body in _TABLE.findall(text)
    }
