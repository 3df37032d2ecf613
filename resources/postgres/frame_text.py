"""Columns of frames as the text format of Postgres' COPY has them."""

from typing import Any

import numpy as np
import pandas as pd

from resources.postgres.copy_text import NULL, are, floats, texts

PLAIN = (str, dict, list, type(None))
"""Values that pandas leaves as they are; only None is missing."""


def column_texts(column: "pd.Series[Any]") -> list[str]:
    """A frame's column; whatever pandas calls missing is NULL."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return _instants(column.dt.tz_convert(None), "+00")
    if column.dtype.kind == "M":
        return _instants(column, "")
    if column.dtype == np.float64:
        return floats(column.to_numpy())
    values = column.tolist()
    if column.dtype != object or not are(set(map(type, values)), PLAIN):
        values = column.astype(object).where(column.notna(), None).tolist()
    return texts(values)


def _instants(column: "pd.Series[Any]", zone: str) -> list[str]:
    moments = np.datetime_as_string(column.to_numpy(dtype="datetime64[us]")).tolist()
    return [NULL if text == "NaT" else f"{text}{zone}" for text in moments]
