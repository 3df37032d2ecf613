"""Analysts' logins: each a role of the server, in one of the two groups of `roles`.

A login can't stop the loading: it has a limit of connections, and time-outs. It owns nothing.
"""

import re
import secrets
from dataclasses import dataclass

import psycopg
import sqlalchemy as sa
from psycopg import sql as pgsql

import sql
from resources.errors import CallhouseError
from resources.postgres.database import connect
from resources.postgres.roles import ANALYST, ANALYST_PII, PATHS

CONNECTIONS = 10
SETTINGS = {
    "statement_timeout": "15min",
    "idle_in_transaction_session_timeout": "10min",
    "jit": "off",
}
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
TAKEN = ("pg_", "callhouse")
"""How names begin that are Postgres' own, and ours."""
KEPT = {"host", "port", "sslmode", "sslrootcert", "channel_binding", "target_session_attrs"}
"""What a login's URL takes from the query of the warehouse's: where the server is, and how safely
it is spoken to.
"""
MAY_ANYBODY_MAKE_TABLES = "SELECT has_database_privilege('public', current_database(), 'TEMPORARY')"


@dataclass(frozen=True, slots=True)
class Analyst:
    """A login, as it is in the server. `connections`: how many it may open; -1: any number."""

    name: str
    sees_personal_data: bool
    connections: int
    connected: int
    statement_timeout: str


@dataclass(frozen=True, slots=True)
class Login:
    """A new login: its URL, password included, and what still stands in its way.

    `left`: the statements that an administrator has to run, before it is one. `refusal`: what the
    server says to whoever logs in by it.
    """

    url: sa.URL
    left: list[str]
    makes_temporary_tables: bool
    refusal: str | None


def add(url: str, name: str, pii: bool) -> Login:
    """Makes a login in the warehouse at `url`, with a password that is shown only this once.

    Raises CallhouseError for a name that there is already, or that can't be one, and where the
    groups are lacking.
    """
    require_name(name)
    group = ANALYST_PII if pii else ANALYST
    password = secrets.token_urlsafe(24)
    with connect(url, "callhouse analyst", autocommit=True) as connection:
        _require_groups(connection)
        statements = _statements(connection, name, group, password)
        left: list[str] = []
        try:
            with connection.transaction():
                for statement in statements:
                    connection.execute(statement)
        except psycopg.errors.DuplicateObject:
            raise CallhouseError(
                f"There is a role {name} in this server already: take another name, or run "
                f"`callhouse analyst remove {name}` first."
            ) from None
        except psycopg.errors.InsufficientPrivilege:
            left += [statement.as_string(connection) for statement in statements]
        anybody = connection.execute(MAY_ANYBODY_MAKE_TABLES).fetchone()
    own = _url_of(url, name, password)
    return Login(own, left, anybody == (True,), _refusal(own))


def remove(url: str, name: str) -> int:
    """Ends a login, and its connections; returns how many of those this user may not end.

    Raises CallhouseError for what isn't an analyst's login, and for one that owns something.
    """
    with connect(url, "callhouse analyst", autocommit=True) as connection:
        if name not in {analyst.name for analyst in _analysts(connection)}:
            raise CallhouseError(f"There is no analyst {name}: `callhouse analyst list` names all.")
        sessions = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE usename = %s", [name]
        ).fetchall()
        try:
            connection.execute(pgsql.SQL("DROP ROLE {}").format(pgsql.Identifier(name)))
        except psycopg.errors.DependentObjectsStillExist as error:
            raise CallhouseError(
                f"{name} owns something, or was granted something else: "
                f"{error.diag.message_detail}. Take it away (DROP OWNED BY {name}), and try again."
            ) from None
        except psycopg.errors.InsufficientPrivilege:
            raise CallhouseError(
                f"This user may not remove {name}: an administrator has to run DROP ROLE {name}."
            ) from None
        return sum(not _end(connection, pid) for (pid,) in sessions)


def analysts(url: str) -> list[Analyst]:
    """All logins of the server in one of the groups, however they were made."""
    with connect(url, "callhouse analyst", autocommit=True) as connection:
        return _analysts(connection)


def require_name(name: str) -> None:
    """Raises CallhouseError for what can't be a login's name."""
    if not NAME.fullmatch(name) or name.startswith(TAKEN) or name in ("public", "postgres"):
        raise CallhouseError(
            f"{name!r} can't be a login: small letters, digits and _, a letter first, 63 at most, "
            "and neither pg_ nor callhouse at the beginning."
        )


def _analysts(connection: psycopg.Connection) -> list[Analyst]:
    return [Analyst(*row) for row in connection.execute(sql.read("status/analysts").encode())]


def _require_groups(connection: psycopg.Connection) -> None:
    known = connection.execute(
        "SELECT count(*) FROM pg_roles WHERE rolname IN (%s, %s)", [ANALYST, ANALYST_PII]
    ).fetchone()
    if known != (2,):
        raise CallhouseError(
            f"The roles {ANALYST} and {ANALYST_PII} aren't there: run `callhouse migrate`, which "
            "makes them or prints what an administrator has to run."
        )


def _statements(
    connection: psycopg.Connection, name: str, group: str, password: str
) -> list[pgsql.Composed]:
    """What makes the login. They hold the password's hash: logs, of servers too, don't tell it."""
    hashed = connection.pgconn.encrypt_password(
        password.encode(), name.encode(), b"scram-sha-256"
    ).decode()
    login = pgsql.Identifier(name)
    settings = {**SETTINGS, "search_path": PATHS[group]}
    make = f"CREATE ROLE {{}} LOGIN PASSWORD {{}} IN ROLE {{}} CONNECTION LIMIT {CONNECTIONS}"
    return [
        pgsql.SQL(make).format(login, pgsql.Literal(hashed), pgsql.Identifier(group)),
        *(
            pgsql.SQL("ALTER ROLE {} SET {} = {}").format(
                login, pgsql.Identifier(setting), _value(setting, value)
            )
            for setting, value in settings.items()
        ),
    ]


def _value(setting: str, value: str) -> pgsql.Composable:
    """A list of schemas isn't one text."""
    if setting != "search_path":
        return pgsql.Literal(value)
    return pgsql.SQL(", ").join(pgsql.Identifier(part) for part in value.split(", "))


def _url_of(url: str, name: str, password: str) -> sa.URL:
    """As tools take it."""
    known = sa.make_url(url)
    query = {key: value for key, value in known.query.items() if key in KEPT}
    port = known.port or (None if "port" in query else 5432)
    return known.set(
        drivername="postgresql", username=name, password=password, port=port, query=query
    )


def _refusal(own: sa.URL) -> str | None:
    """What stands in the login's way, tried out."""
    try:
        with connect(own, "callhouse analyst") as connection:
            connection.execute("SELECT count(*) FROM calls_by_day")
    except psycopg.Error as error:
        return str(error).strip().partition("\n")[0]
    return None


def _end(connection: psycopg.Connection, pid: int) -> bool:
    """Whether the session is over, or was. Only its owner, or who may signal others, ends it."""
    try:
        connection.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True
