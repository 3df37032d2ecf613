"""Series of values of any type, as a batch's records have them."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd

Column = Any
"""A pandas Series as long as the batch (pandas' own types say no more of object columns)."""
OFFSET = re.compile(r"[Tt ]\d.*(?:[zZ]|[+-]\d{2}(?::?\d{2})?)\s*$")
"""Behind a time: the end of a date alone looks like one."""


def objects(values: Iterable[Any]) -> Column:
    """A series of the values as they are."""
    return pd.Series(list(values), dtype=object)


def are_texts(values: Iterable[Any]) -> bool:
    """Whether they are texts, or nothing."""
    return set(map(type, values)) <= {str, type(None)}


def places(where: Column) -> list[int]:
    """The places where it is true."""
    flags = np.asarray(where)
    if flags.dtype != bool:
        flags = pd.Series(where).fillna(False).astype(bool).to_numpy()
    return np.flatnonzero(flags).tolist() if flags.any() else []


def unread(values: Sequence[Any], lost: Any) -> list[int]:
    """The places where there is a value, though it is lost in what was read of it."""
    return [place for place in places(lost) if values[place] is not None]


def without(column: Column, odd: list[int]) -> Column:
    """The column with nothing at the places that are odd, of which there are hardly ever any."""
    if not odd:
        return column
    column = column.copy()
    column.iloc[odd] = None
    return column


def as_floats(values: Sequence[Any]) -> Any:
    """An array of the numbers and their texts as floats; NaN for all else."""
    kinds = set(map(type, values))
    if kinds <= {int, float, type(None)}:  # nothing is to be looked for in texts
        with suppress(OverflowError):
            return np.array(values, dtype="float64")
    if not kinds <= {str, type(None)}:
        values = [_numeric(value) for value in values]
    return np.array(pd.to_numeric(objects(values), errors="coerce"), dtype="float64")


def _numeric(value: Any) -> Any:
    """What pandas can look for a number in; it chokes on an integer that no float can hold."""
    if isinstance(value, bool | dict | list):
        return None
    if isinstance(value, int):
        return float(max(min(value, 2**64), -(2**64)))
    return value


def ends_with_offset(texts: Iterable[str | None]) -> Any:
    """An array: which texts of dates and times say their offset from UTC."""
    found = [text is not None and OFFSET.search(text) is not None for text in texts]
    return np.array(found, dtype=bool)  # of no texts, too
