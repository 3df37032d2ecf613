"""Texts about an account, without the numbers of people who have been forgotten."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.engine import Connection, Row

from assets.loading.caller_secret import read_hasher
from resources.account import Account
from resources.forgotten import Forgotten, HashKind, Suppressed
from resources.postgres.warehouse import Warehouse, execute


def hiding(connection: Connection, account: Account) -> Callable[[str], str]:
    """Puts stars for the digits of people who have been forgotten, in texts about the account."""
    rows = execute(connection, "load/suppressed", account=account.name)
    if not rows:
        return str
    forgotten = read_forgotten(connection, rows)
    return lambda text: forgotten.hide(text, account.country)


def hide(connection: Connection, account: Account, text: str) -> str:
    """A text without them that is about to be written, in this transaction: whoever forgets
    somebody meanwhile waits for its end, and finds what it wrote. It should be short.
    """
    execute(connection, "load/lock_forgotten")
    return hiding(connection, account)(text)


def hider(warehouse: Warehouse, account: Account) -> Callable[[str], str]:
    """Hides texts that may be written or not, by those who are forgotten by now."""
    return lambda text: warehouse.in_transaction(lambda c: hiding(c, account)(text))


def read_forgotten(connection: Connection, rows: Sequence[Row[Any]]) -> Forgotten:
    """Those whom rows of `load/suppressed` are of."""
    hasher = read_hasher(connection)
    known = (row for row in rows if row.hash is not None)
    return Forgotten(
        hasher,
        [Suppressed(row.hash, HashKind(row.kind), row.keeps_calls, row.tail) for row in known],
    )
