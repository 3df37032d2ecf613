"""The marts, each described once: `sql/marts/<name>.sql` is its statement, `<name>.toml` the rest.

Two such files are a mart (or its variants), there is nothing else to change. The statement's
columns are taken by their names, and `{late}` in it is `vocabulary.LATE`. A mart is a table with
the rows of each business day (the statement asks for one, `:day`), or, with `view = true`, a view.

| in the description | is |
|---|---|
| `meaning` | what one row is: the COMMENT |
| `key` | of a table: the columns that tell its rows apart; they are kept unique |
| `indexed` | of a table: columns that are looked up by, beside the key |
| `view` | true: a view, always up to date |
| `across_accounts` | true: a row with an `account` also depends on other accounts' facts |
| `[variants]` | several marts of two files, by name, each with what is in braces there |
| `schema` | where it is: `marts`, if it isn't said |
| `[columns]` | in order, each with the four below; what isn't said is as in `columns.toml` |
| `type`, `meaning` | of a column: Postgres' type, and the COMMENT |
| `required` | whether it is never NULL |
| `personal` | whether it is, so that not all analysts read it; default: for texts, as `from` |
| `from` | the columns that it comes from: `calls.talk_s` of facts, `ops.…` or `marts.…` |
| `[checks]` | conditions that every row of a table meets, by a name |
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import sql
from sql import facts
from sql.ddl import literal
from sql.table import IDENTIFIER
from sql.templates import Names
from sql.vocabulary import LATE

FOLDER = sql.FOLDER / "marts"
SHARED = "columns.toml"
OF_ACCOUNTS = (
    "(CAST(:accounts AS text[]) IS NULL OR account = ANY (CAST(:accounts AS text[])))"
    " AND account <> ALL (CAST(:but AS text[]))"
)
OF_ALL = "CAST(:but AS text[]) = '{}'"
_SOURCE = re.compile(r"(?:(raw|ops|marts)\.)?([a-z_]+)\.([a-z0-9_]+)")


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column that a mart's column comes from."""

    schema: str
    table: str
    column: str


@dataclass(frozen=True, slots=True)
class MartColumn:
    """A column of a mart."""

    name: str
    type: str
    meaning: str
    sources: tuple[SourceColumn, ...]
    required: bool = False
    personal: bool | None = None
    """None: as what it comes from."""


@dataclass(frozen=True, slots=True)
class Mart:
    """A mart: its description and its statement."""

    name: str
    meaning: str
    columns: tuple[MartColumn, ...]
    statement: str
    files: str
    """What its two files are called."""
    key: tuple[str, ...] = ()
    is_view: bool = False
    checks: Mapping[str, str] = field(default_factory=dict)
    indexed: tuple[str, ...] = ()
    schema: str = "marts"
    across_accounts: bool = False

    @property
    def by_account(self) -> bool:
        """Whether the rows of an account can be computed without those of the others."""
        return not self.across_accounts and any(c.name == "account" for c in self.columns)

    @property
    def is_of_raw(self) -> bool:
        """Whether it tells what raw has, which may go before facts do."""
        return any(schema == "raw" for schema, _ in self.tables)

    @property
    def qualified(self) -> str:
        """Its name with its schema."""
        return f"{self.schema}.{self.name}"

    def file(self, ending: str) -> Path:
        """One of its two files."""
        return FOLDER / f"{self.files}.{ending}"

    @property
    def tables(self) -> set[tuple[str, str]]:
        """Schema and name of everything that it is built from."""
        return {(s.schema, s.table) for column in self.columns for s in column.sources}

    @property
    def _typed(self) -> str:
        return ", ".join(f"{c.name}::{c.type} AS {c.name}" for c in self.columns)

    def ddl(self) -> str:
        """What makes the table, or the view, with its comments."""
        name = self.qualified
        if self.is_view:
            query = f"SELECT {self._typed} FROM ({self.statement}) AS built"  # noqa: S608 - our own
            made = f"CREATE OR REPLACE VIEW {name} AS {query};"
        else:
            lines = [f"{c.name} {c.type}{' NOT NULL' * c.required}" for c in self.columns]
            # At once would be too early: a statement that replaces rows has both for a moment.
            lines.append(f"UNIQUE NULLS NOT DISTINCT ({', '.join(self.key)}) DEFERRABLE")
            lines += [
                f"CONSTRAINT {check} CHECK ({condition})"
                for check, condition in self.checks.items()
            ]
            body = ",\n    ".join(lines)
            made = f"CREATE TABLE {name} (\n    {body}\n);"
            # A key that may hold NULL tells a replica no rows: without this, Postgres would refuse
            # every refresh of a mart that is in a publication.
            made += f"\nALTER TABLE {name} REPLICA IDENTITY FULL;"
        kind = "VIEW" if self.is_view else "TABLE"
        comments = [f"COMMENT ON {kind} {name} IS {literal(self.meaning)};"]
        comments += [
            f"COMMENT ON COLUMN {name}.{c.name} IS {literal(c.meaning)};" for c in self.columns
        ]
        indexes = [
            f"CREATE INDEX {self.name}_{column} ON {name} ({column}, call_date);"
            for column in self.indexed
        ]
        return "\n".join([made, *indexes, *comments])

    @property
    def counts(self) -> tuple[str, ...]:
        """The columns that count something, which may be added up over a day."""
        return tuple(c.name for c in self.columns if c.type == "bigint" and c.required)

    def totals(self) -> str:
        """Asks for the sums of the counts over `:day`."""
        sums = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in self.counts)
        return f"SELECT {sums} FROM {self.qualified} WHERE call_date = :day"  # noqa: S608 - our own

    def refresh(self) -> str:
        """Brings the table's rows of `:day` up to date, and writes only those that differ. Of
        marts by account: those of `:accounts`, or all where it is NULL, without those of `:but`.
        Other marts stay as they are where some are to.
        """
        names = Names(column.name for column in self.columns)
        return sql.read("maintenance/refresh_mart").format(
            mart=self.qualified,
            statement=self.statement,
            typed=self._typed,
            names=names,
            of_accounts=OF_ACCOUNTS if self.by_account else OF_ALL,
        )


def marts() -> Mapping[str, Mart]:
    """Those that are described as they should be, by name."""
    return {name: mart for name, mart in _found().items() if isinstance(mart, Mart)}


def fed_by(name: str) -> list[str]:
    """The table of marts and those that are built from it, also by way of others."""
    fed = {name}
    for mart in marts().values():  # each comes after those that it is built from
        if fed & {table for schema, table in mart.tables if schema == "marts"}:
            fed.add(mart.name)
    return sorted(found for found in fed if found == name or not marts()[found].is_view)


def broken() -> Mapping[str, str]:
    """What is wrong with the descriptions of the others, by name."""
    return {name: wrong for name, wrong in _found().items() if isinstance(wrong, str)}


def read(name: str, folder: Path = FOLDER) -> Mart:
    """The mart of the folder whose files have its name. Raises ValueError or KeyError for a wrong
    description, OSError for a file that isn't there.
    """
    [mart] = _read(name, folder)
    return mart


def _read(files: str, folder: Path) -> Iterator[Mart]:
    """The mart of two files, or its variants."""
    description = (folder / f"{files}.toml").read_text(encoding="utf-8")
    statement = (folder / f"{files}.sql").read_text(encoding="utf-8").strip()
    variants = tomllib.loads(description).get("variants", {files: {}})
    for name, own in variants.items():
        values = {"late": LATE, **own}
        yield _mart(name, files, _filled(description, values), _filled(statement, values))


def _filled(text: str, values: Mapping[str, Any]) -> str:
    for place, value in values.items():
        text = text.replace(f"{{{place}}}", str(value))
    return text


def _mart(name: str, files: str, description: str, statement: str) -> Mart:
    described = tomllib.loads(description)
    shared = tomllib.loads((FOLDER / SHARED).read_text(encoding="utf-8"))
    columns = tuple(
        _column(column, shared.get(column, {}) | own)
        for column, own in described["columns"].items()
    )
    mart = Mart(
        name,
        described["meaning"],
        columns,
        statement,
        files,
        tuple(described.get("key", ())),
        described.get("view", False),
        described.get("checks", {}),
        tuple(described.get("indexed", ())),
        described.get("schema", "marts"),
        described.get("across_accounts", False),
    )
    _check(mart)
    return mart


@cache
def _found() -> Mapping[str, Mart | str]:
    """Every mart of the folder, or what is wrong with its description; each after those that it is
    built from.
    """
    found: dict[str, Mart | str] = {}
    for files in sorted(path.stem for path in FOLDER.glob("*.sql")):
        try:
            found |= {mart.name: mart for mart in _read(files, FOLDER)}
        except (ValueError, KeyError, OSError) as error:
            found[files] = f"sql/marts/{files}: {error}"
    before = {
        name: {table for schema, table in mart.tables if schema == "marts"} & found.keys()
        for name, mart in found.items()
        if isinstance(mart, Mart)
    }
    return {name: found[name] for name in (*TopologicalSorter(before).static_order(), *found)}


def _column(name: str, described: Mapping[str, Any]) -> MartColumn:
    sources = tuple(_source(source) for source in described["from"])
    return MartColumn(
        name,
        described["type"],
        described["meaning"],
        sources,
        described.get("required", False),
        described.get("personal"),
    )


def _source(text: str) -> SourceColumn:
    found = _SOURCE.fullmatch(text)
    if not found:
        raise ValueError(f"not a column, such as calls.talk_s or ops.days.state: {text!r}")
    schema, table, column = found.groups()
    if schema is None and not (table in facts.TABLES and facts.TABLES[table].has(column)):
        raise ValueError(f"no such column of facts: {text}")
    return SourceColumn(schema or "facts", table, column)


def _check(mart: Mart) -> None:
    """Raises ValueError for what can't be a mart."""
    names = [column.name for column in mart.columns]
    for name in (mart.name, *names, *mart.checks):
        if not IDENTIFIER.fullmatch(name):
            raise ValueError(f"not a plain identifier: {name!r}")
    if not mart.is_view and not {"call_date", *mart.key, *mart.indexed} <= set(names):
        raise ValueError("a table needs the column call_date, and those of its key and indexes")
    if not mart.is_view and not mart.key:
        raise ValueError("a table needs a key, or view = true")
