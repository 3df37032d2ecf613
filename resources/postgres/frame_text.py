"""Columns of frames as the text format of Postgres' COPY has them."""

from typing import Any

import numpy as np
import orjson
import pandas as pd

from resources.postgres.copy_text import NULL, are, floats, texts

PLAIN = (str, dict, list, type(None))
"""Values that pandas leaves as they are; only None is missing."""


def column_texts(column: "pd.Series[Any]") -> list[str]:
    """A frame's column; whatever pandas calls missing is NULL."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return _instants(column.dt.tz_convert(None), orjson.OPT_NAIVE_UTC)
    if column.dtype.kind == "M":
        return _instants(column)
    if column.dtype == np.float64:
        return floats(column.to_numpy())
    values = column.tolist()
    if column.dtype != object or not are(set(map(type, values)), PLAIN):
        values = column.astype(object).where(column.notna(), None).tolist()
    return texts(values)


def _instants(column: "pd.Series[Any]", option: int = 0) -> list[str]:
    """From year 1 to 9999; orjson writes them six times as fast as numpy."""
    moments = column.to_numpy(dtype="datetime64[us]")
    missing = np.isnat(moments)
    if missing.any():
        moments = np.where(missing, np.datetime64(0, "us"), moments)
    told = orjson.dumps(moments, option=orjson.OPT_SERIALIZE_NUMPY | option).decode()
    instants = told.replace('"', "")[1:-1].split(",")
    for place in np.flatnonzero(missing):
        instants[place] = NULL
    return instants
