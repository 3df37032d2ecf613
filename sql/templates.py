"""Statements that differ by table in names alone: SQL files with places for identifiers.

A place is in braces, and may name an alias: `({compared:t}) IS DISTINCT FROM ({compared:s})`.

| place | is |
|---|---|
| `{table}` | the table of `facts` that has the rows |
| `{target}` | the table, or the enrichment of it: its stage is `stage_{target}` |
| `{key}` | the columns of the primary key |
| `{row_key}` | of them those that tell the rows of one day and stream apart |
| `{record_key}` | the record's key in raw, as an expression |
| `{records}` | how many records have the rows that are counted |
| `{copied}` | the columns that COPY fills |
| `{assigned}` | the columns that a changed record overwrites |
| `{typed}` | the same with their types |
| `{compared}` | the columns that make a record a changed one |
| `{without_person}` | assignments that take the person out of a row |
"""

from collections.abc import Iterable, Iterator

from sql.table import Column, Source, Table, Target


class Names:
    """Identifiers with something between them; an alias of the format goes before each."""

    def __init__(self, names: Iterable[str], between: str = ", ") -> None:
        self._names = tuple(names)
        self._between = between

    def __format__(self, alias: str) -> str:
        return self._between.join(f"{alias}.{name}" if alias else name for name in self._names)


def render(text: str, target: Target) -> str:
    """The statement for a target. Raises KeyError for a place that there isn't."""
    record_key = Names(target.record_key, " || '/' || ")
    return text.format(
        table=target.table.name,
        target=target.name,
        key=Names(target.key),
        row_key=Names(target.row_key),
        record_key=record_key,
        records=f"count(DISTINCT {record_key})" if target.table.is_divided else "count(*)",
        copied=_names(target.copied),
        assigned=_names(target.assigned),
        typed=", ".join(f"{column.name} {column.type}" for column in target.assigned),
        compared=_names(target.compared),
        without_person=", ".join(_without_person(target.table)),
    )


def _without_person(table: Table) -> Iterator[str]:
    yield from (f"{column.name} = NULL" for column in table.of_persons)
    clocks = [column.name for column in table.columns if column.source is Source.CLOCK]
    yield from (f"{name} = now()" for name in clocks)
    if not (table.of_persons or clocks):  # SET wants something
        yield f"{table.key[0]} = {table.key[0]}"


def _names(columns: Iterable[Column]) -> Names:
    return Names(column.name for column in columns)
