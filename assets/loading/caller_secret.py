"""The warehouse's secret: what keys of callers and hashes of who was forgotten are made with."""

from sqlalchemy.engine import Connection

from resources.forgotten import Hasher
from resources.postgres.warehouse import execute


def read_caller_secret(connection: Connection) -> bytes:
    """`caller_secret` of `ops.settings`."""
    value: str = execute(connection, "load/caller_secret")[0].value
    return value.encode()


def read_hasher(connection: Connection) -> Hasher:
    """Keyed hashes of this warehouse."""
    return Hasher(read_caller_secret(connection))
