"""What a value must be to fit into a column of facts, as the column is described."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pandas as pd

from resources.text.payload import unstorable
from sql.table import Column, Type


def check(column: Column, series: "pd.Series[Any]") -> None:
    """Raises AssertionError for a value of a frame that wouldn't fit, or says nothing."""
    for value in series.astype(object).where(series.notna(), None):
        assert (value is None and not column.required) or FITS[column.type](value), (
            f"{column.name} is {column.type}, which {value!r} isn't"
        )
        assert value is None or column.vocabulary is None or value in set(column.vocabulary), (
            f"{column.name} can't be {value!r}"
        )


def _is_decimal(value: Any) -> bool:
    try:
        return Decimal(value).is_finite()
    except (InvalidOperation, TypeError):
        return False


FITS: Mapping[Type, Callable[[Any], Any]] = {
    "text": lambda value: isinstance(value, str) and value != "" and not unstorable(value),
    "double precision": lambda value: isinstance(value, float | int) and math.isfinite(value),
    "integer": lambda value: isinstance(value, int) and abs(value) < 2**31,
    "bigint": lambda value: isinstance(value, int) and abs(value) < 2**63,
    "boolean": lambda value: isinstance(value, bool),
    "numeric": _is_decimal,
    "timestamptz": lambda value: isinstance(value, datetime) and value.tzinfo,
    "jsonb": lambda value: isinstance(value, dict | list),
}
"""By a column's type: whether a value is one of it, and says something."""
