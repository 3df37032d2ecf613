"""The warehouse, for the length of one command."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from resources.configuration.home import Home
from resources.embedded.local_postgres import LocalPostgres
from resources.errors import CallhouseError
from resources.postgres.database import URL, require

TRIES = 5
GOODBYES = 3
"""How often to look whether our own last connections are gone."""


@contextmanager
def database() -> Iterator[str]:
    """The warehouse's URL; its server runs for the length of the block.

    The embedded server is stopped afterwards, unless somebody else uses it. Raises UnreachableError
    when a server of the user's own doesn't answer.
    """
    if given := os.environ.get(URL):
        require(given)
        yield given
        return
    server = LocalPostgres(Home.from_environment())
    url, connection = _hold(server)
    try:
        yield url
    finally:
        connection.close()
        for _ in range(GOODBYES):
            if server.stop_if_unused():
                break
            time.sleep(0.1)


def _hold(server: LocalPostgres) -> tuple[str, psycopg.Connection]:
    """The open connection tells others, who would stop the server, that it is in use.

    One of them may stop it between our start and our connection.
    """
    reason = ""
    for _ in range(TRIES):
        url = server.start()
        try:
            return url, psycopg.connect(url, autocommit=True)
        except psycopg.OperationalError as error:
            reason = str(error).strip()
    raise CallhouseError(f"The embedded Postgres takes no connection, {TRIES} times: {reason}")
