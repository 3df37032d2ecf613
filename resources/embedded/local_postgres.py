"""The embedded Postgres: made, started, shared and stopped, so that a newcomer needs no database.

A process that needs the server calls `start`: the first one starts it, under a file lock, and the
others find it running. It belongs to no process: it outlives the one that started it, until one
stops it. Whether it runs is asked by connecting, never read from a file that a kill may
have left behind.
"""

import json
import os
import secrets
import time
from dataclasses import replace

from filelock import FileLock

from resources.configuration.home import Home
from resources.embedded import cluster
from resources.embedded.ports import free_port, is_taken
from resources.embedded.server import ADMIN, OWNER, Server
from resources.embedded.server_roles import DATABASE, make_database
from resources.embedded.server_user import ServerUser
from resources.errors import CallhouseError
from resources.text import files

LARGEST_MEMORY = 64 * 1024


class LocalPostgres:
    """The server of one `CALLHOUSE_HOME`."""

    def __init__(self, home: Home) -> None:
        self._place = home
        self._home = home.postgres
        self._memory = self._home / "server.json"
        self._lock = FileLock(self._home / "lock", timeout=2 * cluster.PATIENCE_S)

    def start(self) -> str:
        """Makes sure that the server runs and has its database; returns the database's URL."""
        self._place.make()
        if not os.access(self._home, os.R_OK | os.W_OK | os.X_OK):
            raise CallhouseError(
                f"{self._home} belongs to another user: run Callhouse as that user, "
                "or set CALLHOUSE_HOME to a folder of your own."
            )
        with self._lock:
            server = self._remembered() or self._remember(self._new())
            if not server.answers(DATABASE):
                server = self._launch(server)
                make_database(server)
        return server.url(DATABASE)

    def stop(self) -> None:
        """Ends the server, and with it whatever its clients are doing."""
        server = self._remembered()
        if server is None:
            return
        with self._lock:
            runs = cluster.postmaster(server)
            if runs and (fault := cluster.control(server, "--mode=fast", "stop")):
                raise CallhouseError(f"The embedded Postgres doesn't stop: {fault}")

    def stop_if_unused(self) -> bool:
        """Ends the server unless somebody else is connected; says whether it is down now.

        A process that still needs it keeps a connection open.
        """
        server = self._remembered()
        if server is None:
            return True
        with self._lock:
            if cluster.postmaster(server) and server.has_others():
                return False
            self.stop()
        return True

    def url(self, database: str = DATABASE, user: str = OWNER) -> str:
        """The URL of one of the server's databases; the server must have been started before."""
        server = self._remembered()
        if server is None:
            raise CallhouseError(f"There is no Postgres in {self._home} yet: start it first.")
        return server.url(database, user)

    def _remembered(self) -> Server | None:
        if not self._memory.exists():
            return None
        try:
            match json.loads(files.read_text(self._memory, LARGEST_MEMORY)):
                case {"secret": str(secret), "port": int(port), "folder": str(folder)}:
                    return Server(secret, port, self._home / folder)
                case {"port": _, "folder": _}:
                    raise CallhouseError(
                        f"The Postgres in {self._home} was made by a Callhouse before 0.1.0: end "
                        "it, remove that folder, and load anew."
                    )
        except (ValueError, RecursionError):
            pass
        raise self._forgotten("can't be read")

    def _forgotten(self, what: str) -> CallhouseError:
        """That nobody can log in to the server any more: no new secret opens it."""
        return CallhouseError(
            f"{self._memory} {what}. It holds the embedded Postgres' port, folder, and the secret "
            "that its passwords come from, which is nowhere else: put it back from a copy of "
            f"{self._home}. Without one, end that Postgres, move {self._home} aside, and load anew "
            "or run `callhouse restore` with a backup."
        )

    def _remember(self, server: Server) -> Server:
        """Replaces the memory at once and whole; it holds the secret, so it is ours alone.

        A folder inside the home is remembered relative to it: the home may be moved.
        """
        inside = server.folder.is_relative_to(self._home)
        folder = server.folder.relative_to(self._home) if inside else server.folder
        known = {"secret": server.secret, "port": server.port, "folder": str(folder)}
        files.write(self._memory, json.dumps(known))
        return server

    def _new(self) -> Server:
        """Raises CallhouseError where there are data of a server that isn't remembered."""
        folder = ServerUser.current().folder(self._home / "server")
        server = Server(secrets.token_hex(16), free_port(), folder)
        if server.data.exists():
            raise self._forgotten("is gone")
        return server

    def _launch(self, server: Server) -> Server:
        """Starts the server, on another port if somebody has taken the remembered one.

        It tries for a while: after a `kill -9` the server's last processes take a moment to go.
        """
        if not server.data.exists():
            cluster.initialise(server)
        cluster.require_version(server)
        deadline = time.monotonic() + cluster.PATIENCE_S
        while True:
            if cluster.postmaster(server) is None:
                cluster.remove_misleading_pid(server)
                if is_taken(server.port):
                    server = self._remember(replace(server, port=free_port()))
                fault = cluster.control(
                    server, "-l", server.log, "-o", f"-p {server.port}", "start"
                )
            else:
                fault = f"it runs, but doesn't answer on port {server.port}"
            if server.answers("postgres", ADMIN):
                return server
            if time.monotonic() > deadline:
                raise CallhouseError(
                    f"The embedded Postgres doesn't start: {fault}\n{server.end_of_log}"
                )
            time.sleep(0.3)


def database_url() -> str:
    """The warehouse: `CALLHOUSE_DATABASE_URL`, or else the embedded server, started if need be."""
    given = os.environ.get("CALLHOUSE_DATABASE_URL")
    return given or LocalPostgres(Home.from_environment()).start()
