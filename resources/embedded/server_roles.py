"""Who logs in to the embedded Postgres, its database, and what nobody may do there."""

from contextlib import closing
from typing import LiteralString

from psycopg import sql

from resources.embedded.server import OWNER, READER, Server

DATABASE = "callhouse"
ROLES: tuple[tuple[LiteralString, LiteralString, tuple[LiteralString, ...]], ...] = (
    (
        OWNER,
        "CREATEROLE CREATEDB",
        (
            "GRANT pg_use_reserved_connections, pg_monitor, pg_checkpoint, pg_signal_backend TO {}",
            "ALTER ROLE {} SET temp_file_limit = -1",
        ),
    ),
    (
        READER,
        "CONNECTION LIMIT 20",
        ("GRANT pg_read_all_data TO {}", "ALTER ROLE {} SET default_transaction_read_only = on"),
    ),
)
"""Who logs in: what it may do, and what else makes it."""
NO_LARGE_OBJECTS = """
DO $$
DECLARE
    made regprocedure;
BEGIN
    FOR made IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
                   AND (proname ~ '^lo_' OR proname IN ('loread', 'lowrite'))
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', made);
    END LOOP;
END $$"""
"""Anybody could fill the disk with them, and nothing here uses any."""
OWN_TABLES = f"GRANT CREATE ON SCHEMA public TO {OWNER}"
"""A database's owner may that without a grant. But Postgres 18 forgets it in a session that takes
one of the reserved connections: it asks what the user belongs to before it knows the database.
"""
TEMPLATE = "template1"
"""Whoever makes a database gets a copy of it, rights and all."""


def make_database(server: Server) -> None:
    """The roles and the database, as far as they aren't there yet."""
    with closing(server.connect("postgres")) as connection:
        known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for role, rights, more in ROLES:
            if role not in known:
                make = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} " + rights)
                password = sql.Literal(server.password(role))
                connection.execute(make.format(sql.Identifier(role), password))
                for statement in more:
                    connection.execute(sql.SQL(statement).format(sql.Identifier(role)))
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
        if not found.rowcount:
            make = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(make.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))
        connection.execute("REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC")
        connection.execute("GRANT CONNECT ON DATABASE postgres TO callhouse")
    for database in (TEMPLATE, DATABASE):
        with closing(server.connect(database)) as connection:
            connection.execute(NO_LARGE_OBJECTS)
            connection.execute(OWN_TABLES)
