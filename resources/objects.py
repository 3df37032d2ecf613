"""Views and functions, laid by a migration: only those whose text changed, as all may be in use."""

import hashlib
import re

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import sql
import sql.masks

IN_THE_WAY = {
    "42P16": "a view has other columns now",
    "42P13": "a function returns something else now",
    "42725": "a function has other arguments now, and a comment can't tell the two apart",
}
_VIEW = re.compile(r"^CREATE OR REPLACE VIEW (\w+\.\w+)", re.MULTILINE)
_FUNCTION = re.compile(r"^CREATE OR REPLACE FUNCTION (\w+\.\w+)", re.MULTILINE)


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
    """Lays what the text makes, in the place of what has the same names.

    A view whose columns are others now can't be replaced, only dropped, and so it is with what a
    function returns. A function with other arguments is another one: the old one goes. With them
    goes nothing else, as what somebody built on one makes the drop fail.
    """
    before = _functions(connection, text)
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(text.replace("%", "%%"))
    except sa.exc.ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) not in IN_THE_WAY:
            raise
        for view in _VIEW.findall(text):
            connection.exec_driver_sql(f"DROP VIEW IF EXISTS {view}")
        _drop_functions(connection, before)
        connection.exec_driver_sql(text.replace("%", "%%"))
        return
    laid = _functions(connection, text)
    names = {laid[oid][0] for oid in laid.keys() - before.keys()}
    _drop_functions(connection, {oid: made for oid, made in before.items() if made[0] in names})


def _functions(connection: Connection, text: str) -> dict[int, tuple[str, str]]:
    """The functions that there are of the text's names: name and signature, by oid."""
    rows = connection.execute(
        sa.text(
            "SELECT oid, pronamespace::regnamespace || '.' || proname AS name,"
            " oid::regprocedure::text AS signature FROM pg_proc"
            " WHERE pronamespace::regnamespace || '.' || proname = ANY(:names)"
        ),
        {"names": _FUNCTION.findall(text)},
    )
    return {row.oid: (row.name, row.signature) for row in rows}


def _drop_functions(connection: Connection, functions: dict[int, tuple[str, str]]) -> None:
    for _, signature in functions.values():
        connection.exec_driver_sql(f"DROP FUNCTION {signature}")
