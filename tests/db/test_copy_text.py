"""What goes into Postgres as text of its COPY comes out as it was."""

import math
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resources.postgres.copy_text import lines, texts
from resources.postgres.frame_text import column_texts
from resources.postgres.warehouse import Warehouse, copy, text_array
from sql.vocabulary import Direction

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none() | TEXT | st.integers(-9, 9), lambda inner: st.lists(inner, max_size=3)
)
PROPERTY = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def through(warehouse: Warehouse, kind: str, told: list[str]) -> list[Any]:
    with warehouse.transaction() as connection:
        connection.exec_driver_sql(f"CREATE TEMP TABLE t (n serial, value {kind}) ON COMMIT DROP")
        copy(connection, "t", ["value"], lines([told]))
        rows = connection.exec_driver_sql("SELECT value FROM t ORDER BY n")
        return [value for (value,) in rows]


@PROPERTY
@given(values=st.lists(TEXT | st.none(), max_size=9))
def test_strings(shared_warehouse: Warehouse, values: list[str | None]) -> None:
    assert through(shared_warehouse, "text", texts(values)) == values


@PROPERTY
@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.none(), max_size=9))
def test_floats(shared_warehouse: Warehouse, values: list[float | None]) -> None:
    assert through(shared_warehouse, "double precision", texts(values)) == values


@PROPERTY
@given(values=st.lists(st.lists(JSON) | st.dictionaries(TEXT, JSON) | st.none(), max_size=9))
def test_objects(shared_warehouse: Warehouse, values: list[Any]) -> None:
    assert through(shared_warehouse, "jsonb", texts(values)) == values


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("bigint", [2**63 - 1, None, -1]),
        ("boolean", [True, None, False]),
        ("date", [date(2026, 3, 1), None]),
        ("timestamptz", [datetime(2026, 3, 1, 12, 0, 0, 123456, UTC), None]),
        ("text", [None, None]),
        ("text", [Direction.INBOUND, None, "other"]),
        ("text", []),
    ],
)
def test_others(shared_warehouse: Warehouse, kind: str, values: list[Any]) -> None:
    assert through(shared_warehouse, kind, texts(values)) == values


def test_what_pandas_calls_missing_is_null(shared_warehouse: Warehouse) -> None:
    moments = pd.to_datetime(pd.Series(["2026-03-01T12:00:00.5Z", None]), utc=True)
    assert through(shared_warehouse, "timestamptz", column_texts(moments)) == [
        datetime(2026, 3, 1, 12, 0, 0, 500_000, UTC),
        None,
    ]
    for column in (
        pd.Series([1.5, math.nan]),
        pd.Series([1, pd.NA], dtype="Int64"),
        pd.Series(["a\tb", pd.NA], dtype="string"),
        pd.Series(["a", math.nan], dtype=object),
        pd.Series([True, pd.NaT], dtype=object),
    ):
        assert column_texts(column)[1] == r"\N"


@pytest.mark.parametrize("every", [2, -1])
@pytest.mark.parametrize(
    "column",
    [
        pd.Series(pd.date_range("2026-03-01", periods=6, tz="UTC", unit="us")),
        pd.Series(pd.date_range("2026-03-01", periods=6, unit="us")),
        pd.Series([0.5, 1.5, 2.5, 3.5, 4.5, 5.5]),
    ],
    ids=lambda column: str(column.dtype),
)
def test_a_part_of_a_frame(column: "pd.Series[Any]", every: int) -> None:
    """Where not all of its values lie side by side in memory."""
    assert column_texts(column[::every]) == column_texts(column)[::every]


def test_instants_of_any_year(shared_warehouse: Warehouse) -> None:
    """No call has such a one. What Postgres refuses costs its record: what can't be written down at
    all would cost the load.
    """
    told = ["0001-01-01 00:00:00+00", "9999-12-31 23:59:59+00", "12000-01-01 00:00:00.000001+00"]
    moments = np.array([text.removesuffix("+00") for text in told], dtype="datetime64[us]")
    column = pd.Series(moments).dt.tz_localize("UTC")
    with shared_warehouse.transaction() as connection:
        connection.exec_driver_sql("SET LOCAL TimeZone = 'UTC'")
        text = text_array(column_texts(column))
        found = connection.exec_driver_sql(
            "SELECT CAST(CAST(%s AS text[]) AS timestamptz[])::text[]", (text,)
        )
        assert found.scalar() == told
    before_christ = column_texts(column - pd.Timedelta(days=3660))
    with pytest.raises(psycopg.DataError):
        through(shared_warehouse, "timestamptz", before_christ)


@PROPERTY
@given(values=st.lists(TEXT, max_size=9))
def test_an_array_of_texts(shared_warehouse: Warehouse, values: list[str]) -> None:
    with shared_warehouse.transaction() as connection:
        found = connection.exec_driver_sql("SELECT %s::text[]", (text_array(values),)).scalar()
    assert found == values
