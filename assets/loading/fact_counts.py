"""How many of a stream's records are facts, by business day."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.engine import Connection

from resources.postgres.warehouse import execute
from resources.vendor_api.vendor import AnyStream


def fact_counts(
    connection: Connection, account: str, stream: AnyStream, days: Sequence[date]
) -> list[int]:
    """Of each of the days, in their order."""
    target = stream.target
    counted = ("load/count", target) if target.kind.is_counted else ("load/count_details", None)
    rows = execute(connection, *counted, account=account, stream=stream.name, days=list(days))
    found = {row.call_date: row.facts for row in rows}
    return [found.get(day, 0) for day in days]
