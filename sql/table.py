"""What the description of a table of facts consists of. The descriptions are in `sql.facts`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import Literal

Type = Literal[
    "bigint", "boolean", "date", "double precision", "integer", "jsonb", "numeric", "text",
    "timestamp", "timestamptz",
]  # fmt: skip
"""Postgres' types that columns of facts have."""
Vocabulary = type[StrEnum]
IDENTIFIER = re.compile("[a-z][a-z0-9_]{0,62}")
STREAM_KEY = ("call_date", "account", "stream")
"""What every key begins with."""


class Kind(StrEnum):
    """What rows are, which decides how they are counted and what becomes of them."""

    RECORD = "record"
    """A row is one record, or one of several parts of it. It stays when the vendor no longer shows
    it, and says since when."""
    SET = "set"
    """A row is one record of a set that each answer holds whole, such as totals by agent. It is
    deleted when an answer lacks it."""
    PART = "part"
    """A record has any number of rows, such as the steps of a call. They live as long as it."""
    ENRICHMENT = "enrichment"
    """A record has no row of its own: it fills columns in the row of the record that it is of."""

    @property
    def is_counted(self) -> bool:
        """Whether a record has rows, so that raw = facts + rejects can be counted by them."""
        return self in (Kind.RECORD, Kind.SET)


class Source(StrEnum):
    """Who gives a column its value."""

    MAPPING = "mapping"
    """The vendor's mapping of the record to facts."""
    LOADER = "loader"
    """The loader: whose record it is, and when it was seen."""
    ROW = "row"
    """The loader: the record's key, and the row's `position` where the record has several."""
    DERIVED = "derived"
    """The loader, from what the mapping says."""
    GENERATED = "generated"
    """Postgres, from other columns of the row."""
    CLOCK = "clock"
    """The statement that writes the row: now."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table of facts.

    `meaning`: what the value says, and what NULL does; analysts read it as the COMMENT.
    `personal`: whether it is, holds or leads to personal data. Nobody decides this for you.
    """

    name: str
    type: Type
    meaning: str
    _: KW_ONLY
    personal: bool
    mask: str | None = None
    """The function of schema `masked` that analysts see it through. None: they see a personal value
    as NULL, and all others as they are."""
    agent: bool = False
    """Whether it names an agent: hidden where the warehouse's setting says so."""
    unit: str | None = None
    """Of a number: `s`, `bytes`, or `currency` where the column `currency` says it."""
    required: bool = False
    """Never NULL."""
    vocabulary: Vocabulary | None = None
    """The only values that it may have."""
    indexed: bool = False
    default: str | None = None
    source: Source = Source.MAPPING
    generated: str | None = None
    """The expression that Postgres generates it by."""
    enrichment: str | None = None
    """The enrichment that fills it, instead of the record that the row is of."""
    kept: bool = False
    """Whether it keeps its first value when the record changes."""

    def __post_init__(self) -> None:
        """Raises ValueError for names that would have to be quoted."""
        given = (self.name, self.mask, self.enrichment)
        _check_identifiers(name for name in given if name is not None)

    @property
    def comment(self) -> str:
        """The COMMENT: the meaning, and who doesn't see it."""
        if self.personal:
            how = "shortened for" if self.mask else "hidden from"
            return f"{self.meaning}. Personal data: {how} callhouse_analyst"
        return (
            f"{self.meaning}. callhouse_analyst sees no numbers in it"
            if self.mask
            else self.meaning
        )

    def is_open(self, agents: bool) -> bool:
        """Whether analysts may read it as it is; `agents`: whether they see names of agents."""
        return not self.personal and self.mask is None and (agents or not self.agent)


@dataclass(frozen=True, eq=False, kw_only=True)
class Table:
    """A table of facts. Its columns are in the order that they have in Postgres, which puts what
    is added later last.
    """

    name: str
    meaning: str
    kind: Kind
    row_key: tuple[str, ...]
    """The columns that tell the rows of one day and stream apart."""
    record_key: tuple[str, ...]
    """The columns that are the record's key in raw, joined by a slash."""
    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        """Raises ValueError for names that would have to be quoted, and for unknown columns."""
        _check_identifiers([self.name])
        names = [column.name for column in self.columns]
        if len(set(names)) < len(names) or not {*self.key, *self.record_key} <= set(names):
            raise ValueError(f"{self.name}: a column is there twice, or the key isn't")

    @property
    def table(self) -> "Table":
        """The table that has the rows: this one."""
        return self

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key."""
        return (*STREAM_KEY, *self.row_key)

    @property
    def is_divided(self) -> bool:
        """Whether a record may have several rows."""
        return not set(self.row_key) <= set(self.record_key)

    @property
    def copied(self) -> tuple[Column, ...]:
        """The columns that a record brings: COPY's."""
        return tuple(
            column
            for column in self.columns
            if column.source not in (Source.CLOCK, Source.GENERATED) and column.enrichment is None
        )

    @property
    def assigned(self) -> tuple[Column, ...]:
        """The columns that a changed record overwrites."""
        return tuple(
            column
            for column in self.columns
            if column.name not in self.key
            and column.source is not Source.GENERATED
            and column.enrichment is None
            and not column.kept
        )

    @property
    def compared(self) -> tuple[Column, ...]:
        """The columns that make a record a changed one."""
        return tuple(column for column in self.assigned if column.source is not Source.CLOCK)

    @property
    def of_persons(self) -> tuple[Column, ...]:
        """What goes with the person where the call is kept: what is personal, and who they were."""
        return tuple(c for c in self.columns if c.personal or c.name == "caller_key")

    def column(self, name: str) -> Column:
        """The column. Raises KeyError."""
        return {column.name: column for column in self.columns}[name]

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return any(column.name == name for column in self.columns)


@dataclass(frozen=True)
class Enrichment:
    """Columns of a table's rows that the records of a detail stream fill.

    In raw these records name the columns as the table does: that is how they are put back when
    a row was overwritten.
    """

    name: str
    table: Table
    kind = Kind.ENRICHMENT

    @property
    def record_key(self) -> tuple[str, ...]:
        """As in the table: a detail has the key of the record that it is of."""
        return self.table.record_key

    @property
    def row_key(self) -> tuple[str, ...]:
        """As in the table."""
        return self.table.row_key

    @property
    def key(self) -> tuple[str, ...]:
        """As in the table."""
        return self.table.key

    @property
    def copied(self) -> tuple[Column, ...]:
        """The columns that a record brings: COPY's."""
        return tuple(
            column
            for column in self.table.columns
            if column.name in self.key or column.enrichment == self.name
        )

    @property
    def assigned(self) -> tuple[Column, ...]:
        """The columns that a record writes."""
        return tuple(column for column in self.copied if column.enrichment)

    @property
    def compared(self) -> tuple[Column, ...]:
        """The same: all of them make a row a changed one."""
        return self.assigned


Target = Table | Enrichment
"""What records become: rows of a table, or values in rows that are there."""


def enrichments(table: Table) -> Iterator[Enrichment]:
    """Those of the table, in the order of their columns."""
    for name in dict.fromkeys(column.enrichment for column in table.columns):
        if name is not None:
            yield Enrichment(name, table)


def _check_identifiers(names: Iterable[str]) -> None:
    for name in names:
        if not IDENTIFIER.fullmatch(name):
            raise ValueError(f"not a plain identifier: {name!r}")
