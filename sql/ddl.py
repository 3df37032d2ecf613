"""The text that makes the tables: `sql/schema`, with a table of facts for each description."""

from collections.abc import Iterator

import sql
from sql import facts
from sql.table import Column, Table

FACTS = "schema/20_facts"
"""The template of a table of facts."""


def parts() -> Iterator[tuple[str, str]]:
    """Everything that makes the tables, in order: what it is called, and its text."""
    for name in sql.names("schema"):
        if name != FACTS:
            yield name, sql.read(name)
            continue
        for table in facts.TABLES.values():
            yield f"{FACTS}_{table.name}", create(table)


def create(table: Table) -> str:
    """The table, its indexes and comments."""
    return sql.read(FACTS).format(
        table=table.name,
        definitions=",\n    ".join(map(_definition, table.columns)),
        key=", ".join(table.key),
        indexes="\n".join(_indexes(table)),
        meaning=literal(table.meaning),
        comments=column_comments("facts", table),
    )


def column_comments(schema: str, table: Table) -> str:
    """COMMENTs on the columns of the table, or of the view in `schema` of the same name."""
    return "\n".join(
        f"COMMENT ON COLUMN {schema}.{table.name}.{column.name} IS {literal(column.comment)};"
        for column in table.columns
    )


def literal(text: str) -> str:
    """The text as SQL has it."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _definition(column: Column) -> str:
    words = [column.name, column.type]
    if column.required:
        words.append("NOT NULL")
    if column.default:
        words.append(f"DEFAULT {column.default}")
    if column.generated:
        words.append(f"GENERATED ALWAYS AS ({column.generated}) STORED")
    if column.vocabulary:
        words.append(f"CHECK ({column.name} IN ({', '.join(map(literal, column.vocabulary))}))")
    return " ".join(words)


def _indexes(table: Table) -> Iterator[str]:
    for column in table.columns:
        if column.indexed:
            name = f"{table.name}_{column.name}"
            yield f"CREATE INDEX {name} ON facts.{table.name} ({column.name});"
