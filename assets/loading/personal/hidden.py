"""Texts about an account, without the numbers of people who have been forgotten."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.engine import Connection, Row

from assets.loading.caller_secret import read_hasher
from resources.account import Account
from resources.forgotten import Forgotten, HashKind, Suppressed
from resources.postgres.warehouse import Warehouse, execute


def hide(connection: Connection, account: Account, text: str) -> str:
    """A text about the account with stars for the digits of people who have been forgotten."""
    rows = execute(connection, "load/suppressed", account=account.name)
    return read_forgotten(connection, rows).hide(text, account.country) if rows else text


def hider(warehouse: Warehouse, account: Account) -> Callable[[str], str]:
    """The same, each time in a transaction of its own."""
    return lambda text: warehouse.in_transaction(lambda c: hide(c, account, text))


def read_forgotten(connection: Connection, rows: Sequence[Row[Any]]) -> Forgotten:
    """Those whom rows of `load/suppressed` are of."""
    hasher = read_hasher(connection)
    known = (row for row in rows if row.hash is not None)
    return Forgotten(
        hasher,
        [Suppressed(row.hash, HashKind(row.kind), row.keeps_calls, row.tail) for row in known],
    )
