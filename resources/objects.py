"""Views and functions, laid by a migration: only those whose text changed, as all may be in use."""

import hashlib

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import sql
import sql.masks

INVALID_TABLE_DEFINITION = "42P16"


def lay_objects(connection: Connection) -> list[str]:
    """Lays what is new or changed; returns the names.

    Days are marked for a refresh when what computes the marts has changed.
    """
    laid = {
        row.name: row.digest
        for row in connection.execute(sa.text("SELECT name, digest FROM ops.objects"))
    }
    changed: list[str] = []
    for name, text in _texts().items():
        digest = hashlib.sha256(text.encode()).hexdigest()
        if laid.get(name) == digest:
            continue
        _lay(connection, text)
        connection.execute(
            sa.text(
                "INSERT INTO ops.objects (name, digest) VALUES (:name, :digest) ON CONFLICT (name)"
                " DO UPDATE SET digest = excluded.digest, laid_at = excluded.laid_at"
            ),
            {"name": name, "digest": digest},
        )
        changed.append(name)
    if any("/build_" in name for name in changed):
        connection.exec_driver_sql(sql.read("maintenance/mark_all_stale"))
    return changed


def _texts() -> dict[str, str]:
    """Everything that holds no data, by name: first what others are made of."""
    first = {name: sql.read(name) for name in sql.names("functions")}
    last = {name: sql.read(name) for name in sql.names("marts") + sql.names("analysts")}
    return first | sql.masks.views() | last


def _lay(connection: Connection, text: str) -> None:
    """A view whose columns are others now can't be replaced, only dropped: with it goes nothing
    else, as a view that somebody built on it makes the drop fail.
    """
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(text.replace("%", "%%"))
    except sa.exc.ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != INVALID_TABLE_DEFINITION:
            raise
        view = text.partition(" VIEW ")[2].split()[0]
        connection.exec_driver_sql(f"DROP VIEW {view}")
        connection.exec_driver_sql(text.replace("%", "%%"))
