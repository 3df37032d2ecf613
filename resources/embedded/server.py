"""What is remembered of the embedded Postgres: enough to find it, start it, and log in."""

import hmac
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg

from resources.embedded.ports import LOOPBACK

ADMIN = "postgres"
"""The superuser: it makes the others, and does nothing else."""
OWNER = "callhouse"
"""Owns the warehouse: it loads, and makes analysts' roles. It runs no program and reads no file of
the server's."""
READER = "callhouse_reader"
"""Reads everything, and can't write: `callhouse sql`."""


@dataclass(frozen=True)
class Server:
    """One server. `secret`: what its users' passwords come from."""

    secret: str
    port: int
    folder: Path

    def url(self, database: str, user: str = OWNER) -> str:
        """Of one of its databases."""
        return f"postgresql://{user}:{self.password(user)}@{LOOPBACK}:{self.port}/{database}"

    def password(self, user: str) -> str:
        """Each user's own: who knows one can't tell the others."""
        return hmac.digest(self.secret.encode(), user.encode(), "sha256").hex()[:32]

    @property
    def data(self) -> Path:
        """The folder of Postgres' own."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What Postgres writes of itself."""
        return self.folder / "postgres.log"

    @property
    def end_of_log(self) -> str:
        """The end of its log, which says why it doesn't start."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])

    def connect(self, database: str, user: str = ADMIN) -> psycopg.Connection:
        """A connection of its own transactions each. Raises psycopg.OperationalError."""
        return psycopg.connect(self.url(database, user), connect_timeout=3, autocommit=True)

    def answers(self, database: str, user: str = OWNER) -> bool:
        """Whether the user can connect."""
        try:
            self.connect(database, user).close()
        except psycopg.OperationalError:
            return False
        return True

    def has_others(self) -> bool:
        """Whether anybody but us is connected."""
        with closing(self.connect("postgres")) as connection:
            found = connection.execute(
                "SELECT FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            return found.rowcount > 0
