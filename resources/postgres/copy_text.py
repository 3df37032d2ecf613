"""Values as the text format of Postgres' COPY has them, a column at a time.

A driver formats row by row and looks at each value's type: with a load's wide rows, that was a
sixth of its CPU. A column has one type, or nearly, and often few values.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import orjson
import pandas as pd

from resources.text import payload

NULL = r"\N"
ROWS_AT_ONCE = 500
PLAIN = (str, dict, list, type(None))
"""Values that pandas leaves as they are; only None is missing."""
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def column_texts(column: "pd.Series[Any]") -> list[str]:
    """A frame's column; whatever pandas calls missing is NULL."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return _instants(column.dt.tz_convert(None), "+00")
    if column.dtype.kind == "M":
        return _instants(column, "")
    if column.dtype == np.float64:
        return _floats(column.to_numpy())
    values = column.tolist()
    if column.dtype != object or not _are(set(map(type, values)), PLAIN):
        values = column.astype(object).where(column.notna(), None).tolist()
    return texts(values)


def _instants(column: "pd.Series[Any]", zone: str) -> list[str]:
    moments = np.datetime_as_string(column.to_numpy(dtype="datetime64[us]")).tolist()
    return [NULL if text == "NaT" else f"{text}{zone}" for text in moments]


def texts(values: Sequence[Any]) -> list[str]:
    """Plain values; None is NULL. Objects and lists become JSON."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds and kinds <= {dict, list}:
        told = iter(payload.texts_of([value for value in values if value is not None]))
        values = [None if value is None else next(told) for value in values]
        kinds = {str}
    if _are(kinds, str):  # words of a vocabulary are strings, too
        return _strings(values)
    if kinds == {float}:
        return _floats(values)
    if len(kinds) == 1:
        known = {value: _text(value) for value in set(values)}
        return [known[value] for value in values]
    return [_text(value) for value in values]


def _are(kinds: Iterable[type], allowed: type | tuple[type, ...]) -> bool:
    return all(issubclass(kind, allowed) for kind in kinds)


def lines(columns: Iterable[Sequence[str]]) -> Iterator[str]:
    """The columns' rows, some hundreds at a time."""
    rows = map("\t".join, zip(*columns, strict=True))
    while piece := list(islice(rows, ROWS_AT_ONCE)):
        yield "\n".join(piece) + "\n"


def _strings(values: Sequence[str | None]) -> list[str]:
    """One look at all of them: hardly a batch has anything to escape."""
    if values and values.count(values[0]) == len(values):
        return [_text(values[0])] * len(values)
    everything = "".join(filter(None, values))
    if any(chr(special) in everything for special in _ESCAPES):
        return [_text(value) for value in values]
    return [NULL if value is None else value for value in values]


def _floats(values: Any) -> list[str]:
    """The fastest way to write a number that there is, for one or more; NaN is NULL."""
    numbers = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY).decode()[1:-1].split(",")
    return [NULL if number == "null" else number for number in numbers]


def _text(value: Any) -> str:
    if value is None:
        return NULL
    if isinstance(value, dict | list):
        value = payload.encode(value).decode()
    return value.translate(_ESCAPES) if isinstance(value, str) else str(value)
