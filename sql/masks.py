"""Which columns of `facts` are personal data, and the views of schema `masked` that hide them."""

from collections.abc import Iterator

import sql.catalog

NUMBERS = {"from_number", "to_number", "from_e164", "to_e164", "transferred_to"}
"""Shown without their last digits."""
HIDDEN = {"attributes", "params", "audio_uri"}
"""Shown as NULL: anything may be in them, or behind them."""
PERSONAL = NUMBERS | HIDDEN


def facts() -> dict[str, tuple[sql.catalog.Column, ...]]:
    """The columns of every table of `facts`, by its name without the schema."""
    return {
        table.removeprefix("facts."): columns
        for table, columns in sql.catalog.tables().items()
        if table.startswith("facts.")
    }


def views() -> dict[str, str]:
    """The definition of each masked view, by `masked/<name>`, with the columns of the facts."""
    return {f"masked/{name}": "\n".join(_view(name)) for name in facts()}


def _view(name: str) -> Iterator[str]:
    columns = facts()[name]
    yield f"CREATE OR REPLACE VIEW masked.{name} AS SELECT"
    yield ",\n".join(f"    {_masked(column)} AS {column.name}" for column in columns)
    yield f"FROM facts.{name};"
    yield (
        f"COMMENT ON VIEW masked.{name} IS "
        f"'facts.{name} with numbers shortened, attributes and the like hidden';"
    )
    for column in columns:
        comment = column.comment.replace("'", "''")
        yield f"COMMENT ON COLUMN masked.{name}.{column.name} IS '{comment}';"


def _masked(column: sql.catalog.Column) -> str:
    if column.name in NUMBERS:
        return f"masked.number({column.name})"
    return f"NULL::{column.type}" if column.name in HIDDEN else column.name
