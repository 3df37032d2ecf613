"""Views, functions and marts, laid by a migration: only those whose text changed, as all may be in
use.
"""

import hashlib
import logging
import re
from collections.abc import Collection, Mapping
from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import sql
import sql.masks
from resources.postgres.errors import sqlstate
from sql import ddl, facts
from sql.mart import Mart, broken, fed_by, marts

logger = logging.getLogger(__name__)
IN_THE_WAY = {
    "42P16": "a view has other columns now",
    "42P13": "a function returns something else now",
    "42725": "a function has other arguments now, and a comment can't tell the two apart",
}
SCHEMAS = ("raw_partitions", "facts", "facts_partitions", "marts", "masked")
"""Those that a dump may have left out."""
_VIEW = re.compile(r"^CREATE OR REPLACE VIEW (\w+\.\w+)", re.MULTILINE)
_FUNCTION = re.compile(r"^CREATE OR REPLACE FUNCTION (\w+\.\w+)", re.MULTILINE)


def lay_objects(connection: Connection) -> list[str]:
    """Lays what is new or changed; returns the names.

    Days are marked for a refresh of the marts whose statement or table has changed.
    """
    laid = _laid(connection)
    changed: list[str] = []
    for name, text in _texts().items():
        if laid.get(name) == _digest(text):
            continue
        _lay(connection, text)
        _note(connection, name, _digest(text))
        changed.append(name)
    _drop_marts(connection, laid)
    return changed + _lay_marts(connection, laid)


def hold_views(connection: Connection) -> None:
    """Waits for whoever reads views, and holds them, but not what they are made of. Readers take a
    view first, then its tables: a migration that came to them in another order would meet one who
    waits for it, and end that query by a deadlock.
    """
    masked = [name.replace("/", ".") for name in sql.masks.views()]
    over = [mart.qualified for mart in marts().values() if mart.is_view]  # the outermost last
    for view in reversed(masked + over):
        if _kind(connection, view) == "v":  # one that is a view now may have been a table
            connection.exec_driver_sql(f"ALTER VIEW {view} RESET (check_option)")


def marts_of_others(connection: Connection) -> set[str]:
    """The marts that are there as another version of Callhouse describes them. Not views, which
    nobody refreshes, nor what this one can't read the description of.
    """
    own = {f"marts/{mart.name}": mart.ddl() for mart in marts().values()}
    own |= {f"statements/{mart.name}": mart.statement for mart in marts().values()}
    digests = {name: _digest(text) for name, text in own.items()}
    others = {
        name.partition("/")[2]
        for name, digest in _laid(connection).items()
        if name.startswith(("marts/", "statements/")) and digests.get(name) != digest
    }
    return others - broken().keys() - {mart.name for mart in marts().values() if mart.is_view}


def marts_left_as_they_were(connection: Connection) -> list[str]:
    """Marts that aren't there as they are described here, views too: something was in the way of
    the last migration, or it was another version's.
    """
    laid = _laid(connection)
    return [
        mart.qualified
        for name, mart in marts().items()
        if laid.get(f"marts/{name}") != _digest(mart.ddl())
        or laid.get(f"statements/{name}") != _digest(mart.statement)
    ]


def lay_lost_facts(connection: Connection) -> None:
    """Tables of facts that aren't there, as where a dump left them out: empty ones, to be rebuilt
    from raw, until when their days aren't trusted. What is built on them is laid again, too. What a
    dump had of their days nobody reads any more: it goes when the day is made again, or at night.
    """
    left_out = [
        schema for schema in SCHEMAS if not _is_there(connection, "to_regnamespace", schema)
    ]
    for schema in left_out:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    lost = [
        table
        for table in facts.TABLES.values()
        if not _is_there(connection, "to_regclass", f"facts.{table.name}")
    ]
    if lost or "facts_partitions" in left_out:
        connection.exec_driver_sql(sql.read("dump/lost_facts"))
    if not lost:
        return
    if not _is_there(connection, "to_regproc", "facts.outcome"):
        connection.exec_driver_sql(sql.read("schema/15_facts_outcome"))
    for table in lost:
        connection.exec_driver_sql(ddl.create(table).replace("%", "%%"))
    connection.exec_driver_sql("DELETE FROM ops.objects")


def _is_there(connection: Connection, look_up: str, name: str) -> bool:
    query = sa.text(f"SELECT {look_up}(:name) IS NOT NULL")
    return bool(connection.execute(query, {"name": name}).scalar_one())


def _lay_marts(connection: Connection, laid: Mapping[str, str]) -> list[str]:
    """The marts, each by itself: one that can't be made is logged, and stops no other.

    A mart whose description changed is made again, as all that it holds can be computed; so are
    the views over it.
    """
    changed: set[str] = set()
    for name, mart in marts().items():
        over = {table for schema, table in mart.tables if schema == "marts"}
        if laid.get(f"marts/{name}") != _digest(mart.ddl()) or (mart.is_view and over & changed):
            changed.add(name)
    for mart in reversed(
        [mart for name, mart in marts().items() if mart.is_view and name in changed]
    ):
        # What somebody has built on it keeps it: it can only be replaced then.
        with suppress(sa.exc.InternalError), connection.begin_nested():
            _drop_relation(connection, mart.qualified)
    return [name for name, mart in marts().items() if _lay_mart(connection, mart, laid, changed)]


def _lay_mart(
    connection: Connection, mart: Mart, laid: Mapping[str, str], changed: Collection[str]
) -> bool:
    """Whether there was something to do, and it went well."""
    made, built = f"marts/{mart.name}", f"statements/{mart.name}"
    statement = _digest(mart.statement)
    if mart.name not in changed and laid.get(built) == statement:
        return False
    try:
        with connection.begin_nested():
            if mart.name in changed:
                _make_again(connection, mart)
                _note(connection, made, _digest(mart.ddl()))
            if not mart.is_view:
                stale = sa.text(sql.read("maintenance/mark_all_stale"))
                connection.execute(stale, {"marts": fed_by(mart.name)})
            _note(connection, built, statement)
    except (sa.exc.ProgrammingError, sa.exc.IntegrityError, sa.exc.InternalError) as error:
        logger.warning("marts.%s can't be made: %s", mart.name, error.orig)
        return False
    return True


def _make_again(connection: Connection, mart: Mart) -> None:
    """The mart as it is described now. What a table has of days whose facts are gone for their age
    can't be computed again, nor what it has of raw that may be gone: that is kept, in the columns
    that are there still.
    """
    is_there = sa.text("SELECT relkind = 'r' FROM pg_class WHERE oid = to_regclass(:name)")
    keeps = bool(connection.execute(is_there, {"name": mart.qualified}).scalar())
    if keeps:
        gone = "call_date IN (SELECT call_date FROM ops.days WHERE expired_at IS NOT NULL)"
        connection.exec_driver_sql(
            f"CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM {mart.qualified}"  # noqa: S608
            f" WHERE {'true' if mart.is_of_raw else gone}"
        )
    if not _replaces(connection, mart):
        _drop_relation(connection, mart.qualified)
        connection.exec_driver_sql(mart.ddl().replace("%", "%%"))
    if keeps:
        asked = "SELECT attname FROM pg_attribute WHERE attrelid = 'pg_temp.kept'::regclass"
        had = set(connection.exec_driver_sql(f"{asked} AND attnum > 0").scalars())
        names = ", ".join(column.name for column in mart.columns if column.name in had)
        connection.exec_driver_sql(
            f"INSERT INTO {mart.qualified} ({names}) SELECT {names} FROM kept"  # noqa: S608
        )
        connection.exec_driver_sql("DROP TABLE kept")


def _replaces(connection: Connection, mart: Mart) -> bool:
    """Whether a view, on which somebody may have built another, could be made anew in its place:
    its columns are the same, or it got others behind them.
    """
    if not mart.is_view or _kind(connection, mart.qualified) != "v":
        return False
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(mart.ddl().replace("%", "%%"))
    except sa.exc.ProgrammingError as error:
        if sqlstate(error) not in IN_THE_WAY:
            raise
        return False
    return True


def _drop_marts(connection: Connection, laid: Mapping[str, str]) -> None:
    """Marts whose files are gone: nobody would refresh them."""
    for made in laid:
        folder, _, name = made.partition("/")
        if folder != "marts" or name in marts() or name in broken():
            continue
        _drop_relation(connection, f"marts.{name}")
        connection.execute(
            sa.text(
                "DELETE FROM ops.objects WHERE name IN ('marts/' || :name, 'statements/' || :name)"
            ),
            {"name": name},
        )


def _drop_relation(connection: Connection, name: str) -> None:
    """The table or view of this name, if there is one."""
    if kind := _kind(connection, name):
        connection.exec_driver_sql(f"DROP {'VIEW' if kind == 'v' else 'TABLE'} {name}")


def _kind(connection: Connection, name: str) -> str | None:
    """What kind of relation has the name: `v` is a view."""
    asked = sa.text("SELECT relkind FROM pg_class WHERE oid = to_regclass(:name)")
    return connection.execute(asked, {"name": name}).scalar()


def _laid(connection: Connection) -> dict[str, str]:
    rows = connection.execute(sa.text("SELECT name, digest FROM ops.objects"))
    return {row.name: row.digest for row in rows}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _note(connection: Connection, name: str, digest: str) -> None:
    connection.execute(
        sa.text(
            "INSERT INTO ops.objects (name, digest) VALUES (:name, :digest) ON CONFLICT (name)"
            " DO UPDATE SET digest = excluded.digest, laid_at = excluded.laid_at"
        ),
        {"name": name, "digest": digest},
    )


def _texts() -> dict[str, str]:
    """Everything that holds no data, by name: first what others are made of."""
    first = {name: sql.read(name) for name in sql.names("functions")}
    last = {name: sql.read(name) for name in sql.names("analysts")}
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
        if sqlstate(error) not in IN_THE_WAY:
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
