"""Analysts' roles: who reads facts and marts, and whether with personal data.

They are groups, without a login of their own. What this warehouse's user may not do is returned,
for an administrator: a managed database often lets nobody but its owner create roles.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import sql.catalog
import sql.masks
from resources.postgres.errors import sqlstate
from sql import facts
from sql.mart import marts

ANALYST = "callhouse_analyst"
ANALYST_PII = "callhouse_analyst_pii"
PATHS = {ANALYST: "masked, marts, facts, public", ANALYST_PII: "facts, marts, public"}
"""Where each finds a table by its bare name: the same query then works for both."""
FORBIDDEN = "42501"


def grant_roles(connection: Connection) -> list[str]:
    """Makes the roles, as far as this user may, and grants what is theirs.

    Returns the statements that somebody with more rights has to run.
    """
    refused: list[str] = []
    for role, path in PATHS.items():
        wanted = [f"ALTER ROLE {role} SET jit = off", f"ALTER ROLE {role} SET search_path = {path}"]
        settings = f"pg_roles WHERE 'search_path={path}' = ANY(rolconfig) AND rolname"
        if not _exists(connection, "pg_roles WHERE rolname", role):
            wanted.insert(0, f"CREATE ROLE {role} NOLOGIN")
        elif _exists(connection, settings, role):
            continue
        _try(connection, wanted, refused)
    _turn_jit_off(connection, refused)
    _keep_temporary_tables(connection, refused)
    for role in PATHS:
        if _exists(connection, "pg_roles WHERE rolname", role):
            for statement in _grants(role, _agents_are_shown(connection)):
                connection.exec_driver_sql(statement)
    return refused


def _grants(role: str, agents: bool) -> Iterator[str]:
    """What the role may read; nothing of `raw` and `ops`, whose tables hold payloads.

    A column of marts that isn't said to be open to all is granted to nobody without personal data.
    """
    yield f"GRANT USAGE ON SCHEMA facts, marts TO {role}"
    if role == ANALYST_PII:
        tables = ", ".join(f"facts.{name}" for name in facts.TABLES)
        yield f"GRANT SELECT ON {tables} TO {role}"
        yield f"GRANT SELECT ON ALL TABLES IN SCHEMA marts TO {role}"
        for mart in marts().values():
            yield f"GRANT SELECT ON {mart.qualified} TO {role}"
        yield f"GRANT EXECUTE ON FUNCTION facts.caller_key TO {role}"
        return
    yield f"GRANT USAGE ON SCHEMA masked TO {role}"
    yield f"GRANT SELECT ON ALL TABLES IN SCHEMA masked TO {role}"
    readable = {
        f"facts.{name}": {column.name: column.is_open(agents) for column in table.columns}
        for name, table in facts.TABLES.items()
    }
    for table, columns in (readable | sql.catalog.open_columns(agents)).items():
        yield f"REVOKE SELECT ON TABLE {table} FROM {role}"  # noqa: S608 - of its columns, too
        open_columns = ", ".join(name for name, is_open in columns.items() if is_open)
        part = "" if all(columns.values()) else f" ({open_columns})"
        yield f"GRANT SELECT{part} ON {table} TO {role}"


def set_agent_names(connection: Connection, shown: bool) -> None:
    """Whether analysts without personal data see names of agents; `grant_roles` does the rest."""
    connection.execute(
        sa.text("UPDATE ops.settings SET value = :value WHERE name = 'agent_names'"),
        {"value": "shown" if shown else "hidden"},
    )


def _agents_are_shown(connection: Connection) -> bool:
    found = connection.execute(sa.text(sql.masks.AGENT_NAMES)).scalar()
    return bool(found == "shown")


def _turn_jit_off(connection: Connection, refused: list[str]) -> None:
    """For the whole database: a role's own settings don't pass on to those that it is granted to.

    Compiling a query over a year of partitions takes longer than the query.
    """
    if connection.execute(sa.text("SHOW jit")).scalar_one() == "off" and _exists(
        connection,
        "pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase"
        " WHERE 'jit=off' = ANY(setconfig) AND setrole = 0 AND d.datname",
        connection.execute(sa.text("SELECT current_database()")).scalar_one(),
    ):
        return
    name = connection.execute(sa.text("SELECT quote_ident(current_database())")).scalar_one()
    _try(connection, [f"ALTER DATABASE {name} SET jit = off"], refused)


def _keep_temporary_tables(connection: Connection, refused: list[str]) -> None:
    """Only for the user who loads: by default everybody may fill the disk with them."""
    name = connection.execute(sa.text("SELECT quote_ident(current_database())")).scalar_one()
    anybody = sa.text("SELECT has_database_privilege('public', current_database(), 'TEMPORARY')")
    if not connection.execute(anybody).scalar_one():
        return
    statements = [
        f"GRANT TEMPORARY ON DATABASE {name} TO CURRENT_USER",
        f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC",
    ]
    _try(connection, statements, refused)
    if connection.execute(anybody).scalar_one() and statements[0] not in refused:
        refused += statements  # Postgres only warns a user who doesn't own the database


def _exists(connection: Connection, where: str, value: str) -> bool:
    query = sa.text(f"SELECT EXISTS (SELECT FROM {where} = :value)")  # noqa: S608 - our own texts
    return bool(connection.execute(query, {"value": value}).scalar_one())


def _try(connection: Connection, statements: list[str], refused: list[str]) -> None:
    """All of the statements, or none: then they are `refused`."""
    try:
        with connection.begin_nested():
            for statement in statements:
                connection.exec_driver_sql(statement)
    except sa.exc.DBAPIError as error:
        if sqlstate(error) != FORBIDDEN:
            raise
        refused += statements
