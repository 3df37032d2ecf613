"""The floor: the least that could put the same rows into the same tables.

Pages are fetched one after the other and COPYed as they are, raw and facts, into the very day
partitions that Callhouse fills, with their keys and indexes. `load` inserts straight: it can't be
run twice. `merge` goes by a stage and `ON CONFLICT`, and leaves alone what hasn't changed. Neither
knows versions, rejects, moved or missing records, other vendors, limits, a ledger or completeness.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import psycopg
from psycopg import sql

from bench.contenders.shapes import SHAPES, Shape, batches
from bench.task import Task, run


def work(task: Task) -> dict[str, Any]:
    """Loads the whole time; reports the records."""
    records = 0
    with psycopg.connect(task.database_url) as connection:
        _make_days(connection, task)
        shape = SHAPES[task.vendor, task.stream](task, connection)
        if task.action == "merge":
            _make_stages(connection, shape)
        for batch in batches(shape.records(), shape.batch):
            rows = shape.rows(batch)
            for table, lines in zip(shape.tables, rows, strict=True):
                if task.action == "merge":
                    _merge(connection, *table, lines)
                else:
                    _copy(connection, table[0], table[1], lines)
            connection.commit()
            records += len(batch)
    return {"records": records}


def _make_days(connection: psycopg.Connection, task: Task) -> None:
    first = date.fromisoformat(task.first_day)
    for number in range(task.days):
        connection.execute("SELECT ops.make_day(%s)", [first + timedelta(days=number)])
    connection.commit()


def _make_stages(connection: psycopg.Connection, shape: Shape) -> None:
    for table, columns, _, _ in shape.tables:
        make = "CREATE TEMP TABLE {} ON COMMIT DELETE ROWS AS SELECT {} FROM {} LIMIT 0"
        connection.execute(
            sql.SQL(make).format(_stage(table), _names(columns), sql.Identifier(*table.split(".")))
        )


def _merge(
    connection: psycopg.Connection,
    table: str,
    columns: Sequence[str],
    key: Sequence[str],
    values: Sequence[str],
    rows: list[Sequence[Any]],
) -> None:
    stage = _stage(table)
    _copy(connection, stage, columns, rows)
    connection.execute(
        sql.SQL(
            "INSERT INTO {table} AS t ({columns}) SELECT {columns} FROM {stage}"
            " ON CONFLICT ({key}) DO UPDATE SET {set}"
            " WHERE ({old}) IS DISTINCT FROM ({new})"
        ).format(
            table=sql.Identifier(*table.split(".")),
            columns=_names(columns),
            stage=stage,
            key=_names(key),
            set=sql.SQL(", ").join(
                sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in values
            ),
            old=sql.SQL(", ").join(sql.Identifier("t", name) for name in values),
            new=sql.SQL(", ").join(sql.Identifier("excluded", name) for name in values),
        )
    )


def _copy(
    connection: psycopg.Connection,
    table: str | sql.Identifier,
    columns: Sequence[str],
    rows: list[Sequence[Any]],
) -> None:
    into = sql.Identifier(*table.split(".")) if isinstance(table, str) else table
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(into, _names(columns))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _stage(table: str) -> sql.Identifier:
    return sql.Identifier(f"stage_{table.partition('.')[2]}")


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


if __name__ == "__main__":
    run(work)
