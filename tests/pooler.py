"""Debian's PgBouncer in front of the tests' Postgres: transaction mode, else at its defaults."""

import configparser
import shutil
import subprocess
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from resources.embedded.ports import LOOPBACK
from resources.embedded.server_user import ServerUser
from tests.server_process import ServerProcess

PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
DEBIANS = Path("/etc/pgbouncer/pgbouncer.ini")
needs_pgbouncer = pytest.mark.skipif(
    PROGRAM is None or not DEBIANS.exists(),
    reason="PgBouncer isn't installed (apt-get install pgbouncer)",
)

TRACKED = "('application_name', 'client_encoding', 'DateStyle', 'TimeZone')"
"""What PgBouncer brings along for each client: it never meets the next."""
LEFT_BEHIND = f"""
SELECT 'setting ' || name FROM pg_settings WHERE source = 'session' AND name NOT IN {TRACKED}
UNION ALL SELECT 'prepared ' || name FROM pg_prepared_statements
UNION ALL SELECT 'listening to ' || name FROM pg_listening_channels() AS name
UNION ALL SELECT 'lock ' || objid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
 WHERE locktype = 'advisory' AND datname = current_database()
UNION ALL SELECT 'table ' || relname FROM pg_class WHERE relpersistence = 't'
"""
"""What a session keeps of those who had it; the last two lines, of all sessions at once."""
SESSIONS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend'
"""


class Pooler(ServerProcess):
    """One that runs for the length of a block, and lets the user of `server_url` into every
    database. `settings` override Debian's.
    """

    def __init__(self, server_url: str, **settings: str) -> None:
        super().__init__()
        self._server = sa.make_url(server_url)
        self._settings = {"pool_mode": "transaction", **settings}

    def url(self, server_url: str) -> str:
        """The same database through the pooler."""
        through = sa.make_url(server_url).set(host=LOOPBACK, port=self.port)
        return through.render_as_string(hide_password=False)

    def launch(self, folder: Path) -> "subprocess.Popen[bytes]":
        user = ServerUser.current()
        self._configure(folder)
        with (folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(PROGRAM), str(folder / "pgbouncer.ini")],
                user=None if user.is_me else user.uid,
                group=None if user.is_me else user.gid,
                extra_groups=None if user.is_me else (),
                cwd="/",
                stdout=log,
                stderr=log,
            )

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url(self._server.render_as_string(False))).close()
        except psycopg.OperationalError:
            return False
        return True

    def _configure(self, folder: Path) -> None:
        """The configuration, and who may come in."""
        ServerUser.current().own(folder)
        ini = configparser.ConfigParser(interpolation=None, delimiters=("=",))
        ini.read(DEBIANS)
        ini["databases"]["*"] = f"host={self._server.host} port={self._server.port}"
        settings = ini["pgbouncer"]
        for name in ("logfile", "pidfile"):
            settings.pop(name)
        settings["unix_socket_dir"] = ""
        settings["listen_addr"] = LOOPBACK
        settings["listen_port"] = str(self.port)
        settings["auth_file"] = str(folder / "users")
        settings.update(self._settings)
        users = folder / "users"
        users.write_text(f'"{self._server.username}" "{self._server.password}"\n')
        with (folder / "pgbouncer.ini").open("w") as file:
            ini.write(file)
        for path in (users, folder / "pgbouncer.ini"):
            ServerUser.current().own(path)


def in_every_session(url: str, statement: str) -> list[str]:
    """Whatever single values the statement gives in each of the sessions that the pooler has on the
    database: a connection takes one each, in a transaction that goes on.
    """
    found: list[str] = []
    with ExitStack() as stack:

        def another() -> psycopg.Connection:
            connection = psycopg.connect(url, prepare_threshold=None)
            stack.enter_context(closing(connection))
            stack.callback(connection.commit)
            return connection

        first = another()
        ((sessions,),) = first.execute(SESSIONS)
        for connection in (first, *(another() for _ in range(sessions - 1))):
            cursor = connection.execute(statement.encode())
            found += [value for (value,) in cursor] if cursor.description else []
        ((now,),) = first.execute(SESSIONS)
        assert now == sessions, "somebody else is at work"
    return found
