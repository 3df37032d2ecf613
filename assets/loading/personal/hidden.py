"""Texts about a stream, without the numbers of people who have been forgotten."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection, Row

from assets.loading.account_stream import AccountStream
from resources.forgotten import Forgotten, Hasher, HashKind, Suppressed
from resources.postgres.warehouse import execute
from resources.vendor_api.vendor import AnyStream


def hide(connection: Connection, source: AccountStream[AnyStream], text: str) -> str:
    """The text with stars for the digits of people who have been forgotten."""
    rows = execute(connection, "load/suppressed", account=source.account.name)
    return read_forgotten(connection, rows).hide(text, source.account.country) if rows else text


def read_forgotten(connection: Connection, rows: Sequence[Row[Any]]) -> Forgotten:
    """Those whom rows of `load/suppressed` are of."""
    hasher = Hasher(execute(connection, "load/caller_secret")[0].value.encode())
    known = (row for row in rows if row.hash is not None)
    return Forgotten(
        hasher,
        [Suppressed(row.hash, HashKind(row.kind), row.keeps_calls, row.tail) for row in known],
    )
