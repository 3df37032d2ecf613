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

AGENT_NAMES = "SELECT s.value FROM ops.settings s WHERE s.name = 'agent_names'"


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
    """Of what is personal no more than its mask says. A setting decides about names of agents, for
    each query anew.
    """
    if column.mask:
        return f"masked.{column.mask}({column.name})"
    if column.personal:
        return f"NULL::{column.type}"
    if column.agent:
        return f"CASE ({AGENT_NAMES}) WHEN 'shown' THEN {column.name} END"
    return column.name
