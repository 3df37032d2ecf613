"""The columns of `facts`, as the database has them: what a value must be to fit into one."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pandas as pd
import psycopg

from resources.payload import unstorable

QUERY = """
SELECT table_name, column_name, data_type, is_nullable = 'YES'
  FROM information_schema.columns WHERE table_schema = 'facts'
"""


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    type: str
    nullable: bool

    def check(self, series: "pd.Series[Any]") -> None:
        """Raises AssertionError for a value of a frame that wouldn't fit, or says nothing."""
        for value in series.astype(object).where(series.notna(), None):
            assert (value is None and self.nullable) or self._fits(value), (
                f"{self.name} is {self.type}, which {value!r} isn't"
            )

    def _fits(self, value: Any) -> bool:
        return bool(FITS[self.type](value))


def _is_decimal(value: Any) -> bool:
    try:
        return Decimal(value).is_finite()
    except (InvalidOperation, TypeError):
        return False


FITS: dict[str, Callable[[Any], Any]] = {
    "text": lambda value: isinstance(value, str) and value != "" and not unstorable(value),
    "double precision": lambda value: isinstance(value, float | int) and math.isfinite(value),
    "integer": lambda value: isinstance(value, int) and abs(value) < 2**31,
    "bigint": lambda value: isinstance(value, int) and abs(value) < 2**63,
    "boolean": lambda value: isinstance(value, bool),
    "numeric": _is_decimal,
    "timestamp with time zone": lambda value: isinstance(value, datetime) and value.tzinfo,
    "jsonb": lambda value: isinstance(value, dict | list),
}
"""By a column's type: whether a value is one of it, and says something."""


def facts_columns(database_url: str) -> dict[str, dict[str, Column]]:
    """By table, then by name; of day partitions too."""
    columns: dict[str, dict[str, Column]] = {}
    with psycopg.connect(database_url) as connection:
        for table, name, kind, nullable in connection.execute(QUERY):
            columns.setdefault(table, {})[name] = Column(name, kind, nullable)
    return columns
