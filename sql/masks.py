"""The views of schema `masked`: facts without what is personal, as `sql.facts` says it."""

from sql import facts
from sql.ddl import column_comments
from sql.table import Column, Table

VIEW = """\
CREATE OR REPLACE VIEW masked.{table} AS SELECT
    {shown}
FROM facts.{table};
COMMENT ON VIEW masked.{table} IS 'facts.{table} with personal data shortened or hidden';
{comments}
"""


def views() -> dict[str, str]:
    """The definition of each masked view, by `masked/<name>`, with the columns of the facts."""
    return {f"masked/{table.name}": _view(table) for table in facts.TABLES.values()}


def _view(table: Table) -> str:
    return VIEW.format(
        table=table.name,
        shown=",\n    ".join(f"{_shown(column)} AS {column.name}" for column in table.columns),
        comments=column_comments("masked", table),
    )


def _shown(column: Column) -> str:
    """Of what is personal no more than its mask says."""
    if not column.personal:
        return column.name
    return f"masked.{column.mask}({column.name})" if column.mask else f"NULL::{column.type}"
