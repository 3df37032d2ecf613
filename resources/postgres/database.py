"""How a connection to Postgres is made, for all of Callhouse.

Between it and the server a pooler may stand that lends a server's session for one transaction
(PgBouncer in transaction mode). So nothing lives in a session: no start-up options, no prepared
statements, no settings, no locks.
"""

import queue
import threading
from datetime import UTC, datetime
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.types.datetime import TimestamptzLoader

from resources.errors import CallhouseError, ConfigurationError

URL = "CALLHOUSE_DATABASE_URL"
DAGSTER_URL = "CALLHOUSE_DAGSTER_DATABASE_URL"
DATABASES = {URL: "The warehouse", DAGSTER_URL: "Dagster's database"}
"""What the environment's variables name."""
PATIENCE_S = 10.0
"""How long a server may take to say that it is there."""
SETTINGS = {
    "connect_timeout": "10",
    # A server that is cut off is noticed in a minute, not in a quarter of an hour.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""libpq's own, kept on this side; the URL may say otherwise."""
ADVICE = {
    "password authentication failed": "Put the right user and password into {variable}",
    "no password supplied": "Put the password into {variable}",
    "does not exist": "Create it, or correct {variable}",
    "pg_hba.conf": "Let this user in from this host, in the server's pg_hba.conf",
    "starting up": "Try again in a moment",
    "shutting down": "Try again when it is back",
    "recovery mode": "Try again in a moment",
    "too many clients": "Allow it more connections, or put a pooler in front",
    "connection slots": "Allow it more connections, or put a pooler in front",
    "max_client_conn": "Raise the pooler's max_client_conn",
    "no query": "Start the server behind the pooler, or give the pooler more connections to it",
    "server_login_retry": "Start the server behind the pooler",
    "startup parameter: options": "A pooler stands between: take `options` out of {variable}",
    "failed to resolve host": "Correct the host in {variable}",
}
OTHERWISE = "Start it, or correct {variable}"
"""What to do, by what the message says."""
OLDEST = 16
"""The oldest major version of Postgres that holds a warehouse."""


class UnreachableError(CallhouseError):
    """The database doesn't answer, and what may help."""


class UnfitError(CallhouseError):
    """The database answers, but can't hold a warehouse."""


def engine(url: str | sa.URL, name: str, **settings: Any) -> sa.Engine:
    """Connections by psycopg 3 under the application's `name`; `settings` are of SQLAlchemy's pool.

    A timestamptz comes back in UTC, whatever zone the session has.
    """
    made = sa.create_engine(
        address(url, name).set(drivername="postgresql+psycopg"),
        connect_args={"prepare_threshold": None},
        **settings,
    )

    @sa.event.listens_for(made, "connect")
    def _in_utc(connection: psycopg.Connection, _record: Any) -> None:
        connection.adapters.register_loader("timestamptz", _UtcLoader)

    return made


def connect(url: str | sa.URL, name: str, *, autocommit: bool = False) -> psycopg.Connection:
    """One connection of psycopg 3; times as `engine` has them."""
    connection = psycopg.connect(libpq(url, name), autocommit=autocommit, prepare_threshold=None)
    connection.adapters.register_loader("timestamptz", _UtcLoader)
    return connection


def libpq(url: str | sa.URL, name: str) -> str:
    """The URL as libpq and its programs take it."""
    plain = address(url, name).set(drivername="postgresql")
    return plain.render_as_string(hide_password=False)


def require(url: str, variable: str = URL, patience_s: float = PATIENCE_S) -> None:
    """Asks the database of the environment's `variable` for an answer.

    Raises UnreachableError when none comes in `patience_s`, whatever it hangs on: the name, the
    network, a pooler whose server is down; UnfitError when the server is too old, or the database
    of another encoding than UTF-8. Raises ConfigurationError for what isn't a URL.
    """
    parsed = _parsed(url, variable)
    outcome: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
    connected = threading.Event()

    def ask() -> None:
        try:
            with connect(parsed, "callhouse") as connection:
                connected.set()
                connection.execute("SELECT")
                _require_fit(connection, variable)
        except (psycopg.Error, UnfitError) as error:
            outcome.put(error)
        else:
            outcome.put(None)

    # A thread of its own: nothing else ends a look-up of a name, or a wait for a pooler's server.
    threading.Thread(target=ask, daemon=True).start()
    try:
        error = outcome.get(timeout=patience_s)
    except queue.Empty:
        silent = "it takes connections, but answers no query" if connected.is_set() else "no answer"
        reason = f"{silent} in {patience_s:g} s"
    else:
        if error is None:
            return
        if isinstance(error, UnfitError):
            raise error from None
        reason = str(error).strip().partition("\n")[0].removeprefix("connection failed: ")
    raise UnreachableError(_sentence(reason, variable)) from None


def _require_fit(connection: psycopg.Connection, variable: str) -> None:
    """By what the server told when it was connected to: no query is asked."""
    version = connection.info.server_version
    if variable == URL and version < OLDEST * 10_000:
        raise UnfitError(
            f"{DATABASES[variable]} is on Postgres {version // 10_000}, and needs {OLDEST} or "
            f"newer: move it to a newer server, or correct {variable}."
        )
    stored = connection.info.parameter_status("server_encoding")
    if stored not in (None, "UTF8"):
        raise UnfitError(
            f"{DATABASES[variable]} has the encoding {stored}, and needs UTF8: make a new one by "
            f"CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and name it in {variable}."
        )


def _parsed(url: str, variable: str) -> sa.URL:
    """Raises ConfigurationError without the URL, which holds a password."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        parsed = None
    if parsed is None or parsed.get_backend_name() not in ("postgresql", "postgres"):
        form = "postgresql://user:password@host:5432/database"
        raise ConfigurationError([f"{variable} isn't the URL of a Postgres: expected {form}"])
    return parsed


def _sentence(reason: str, variable: str) -> str:
    known = (advice for text, advice in ADVICE.items() if text in reason)
    advice = next(known, OTHERWISE).format(variable=variable)
    return f"{DATABASES[variable]} doesn't answer: {reason.rstrip('.')}. {advice}."


class _UtcLoader(TimestamptzLoader):
    """A pooled session has the zone of its database, or whatever its last user set."""

    def load(self, data: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(bytes(data).decode())
        except ValueError:  # no such year, or another style
            moment = super().load(data)
        return moment.astimezone(UTC)


def address(url: str | sa.URL, name: str) -> sa.URL:
    """The URL with what every connection needs; the application's `name` shows in the server."""
    made = sa.make_url(url)
    return made.set(query={**SETTINGS, "application_name": name, **made.query})
