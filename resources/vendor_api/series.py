"""Series of values of any type, as a batch's records have them."""

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd

Column = Any
"""A pandas Series as long as the batch (pandas' own types say no more of object columns)."""
OFFSET = re.compile(r"(?:[zZ]|[+-]\d{2}(?::?\d{2})?)\s*$")


def objects(values: Iterable[Any]) -> Column:
    """A series of the values as they are."""
    return pd.Series(list(values), dtype=object)


def places(where: Column) -> list[int]:
    """The places where it is true."""
    flags = np.asarray(where)
    if flags.dtype != bool:
        flags = pd.Series(where).fillna(False).astype(bool).to_numpy()
    return np.flatnonzero(flags).tolist() if flags.any() else []


def without(column: Column, odd: Any) -> Column:
    """The column with nothing where it is odd, which is hardly ever."""
    where = places(odd)
    if not where:
        return column
    column = column.copy()
    column.iloc[where] = None
    return column


def as_floats(column: Column) -> Column:
    """Numbers and their texts as floats; NaN for all else."""
    values = column.tolist()
    kinds = set(map(type, values))
    if kinds <= {int, float, type(None)}:  # nothing is to be looked for in texts
        with suppress(OverflowError):
            return pd.Series(np.array(values, dtype="float64"))
    if not kinds <= {str, type(None)}:
        column = objects([_numeric(value) for value in values])
    numbers: Column = pd.to_numeric(column, errors="coerce")
    return numbers.astype("float64")


def _numeric(value: Any) -> Any:
    """What pandas can look for a number in; it chokes on an integer that no float can hold."""
    if isinstance(value, bool | dict | list):
        return None
    if isinstance(value, int):
        return float(max(min(value, 2**64), -(2**64)))
    return value


def ends_with_offset(texts: Column) -> Column:
    """Which texts of dates and times say their offset from UTC."""
    return pd.Series([text is not None and OFFSET.search(text) is not None for text in texts])
