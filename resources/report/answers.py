"""Asks the marts what the report shows: as of one moment, and as an analyst, who only reads."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import sql
from resources.errors import CallhouseError
from resources.postgres.errors import message
from resources.postgres.roles import ANALYST, ANALYST_PII
from resources.postgres.warehouse import Warehouse, execute
from resources.text.foreign_text import for_terminal
from sql.ddl import literal

USUAL_DAYS = 7
MOST_DAYS = 366
TIMEOUT = "60s"
"""For one query: a report is made in seconds, or tells which part of it isn't."""
_PARAMETER = re.compile(r"(?<![:\w]):(first|last|accounts|pii)\b")


@dataclass(frozen=True, slots=True)
class Selection:
    """What the report is about: business days `first` to `last`, and the accounts by name.

    `pii`: telephone numbers in full.
    """

    first: date
    last: date
    accounts: tuple[str, ...]
    pii: bool = False

    @property
    def period(self) -> str:
        """In words."""
        if self.first == self.last:
            return f"{self.first:%A, %Y-%m-%d}"
        return f"{self.first:%Y-%m-%d} to {self.last:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query returned. `query`: as it can be run by hand; `error`: why there is no answer."""

    query: str
    columns: Sequence[str] = ()
    rows: Sequence[sa.Row[Any]] = ()
    error: str | None = None


class Reader:
    """Asks within one transaction."""

    def __init__(self, connection: Connection, selection: Selection) -> None:
        self._connection = connection
        self._selection = selection

    def ask(self, statement: str) -> Answer:
        """What the statement `sql/<statement>.sql` says. A query that fails stops no other."""
        chosen = self._selection
        text = sql.read(statement)
        if chosen.pii:
            text = text.replace("masked.", "facts.")
        parameters = {
            "first": chosen.first,
            "last": chosen.last,
            "accounts": list(chosen.accounts),
            "pii": chosen.pii,
        }
        query = _by_hand(text, chosen)
        try:
            with self._connection.begin_nested():
                result = self._connection.execute(sa.text(text), parameters)
                return Answer(query, tuple(result.keys()), result.all())
        except sa.exc.DBAPIError as error:
            return Answer(query, error=for_terminal(message(error)))


@contextmanager
def reading(warehouse: Warehouse, selection: Selection) -> Iterator[Reader]:
    """A reader, whose transaction lasts as long as the block."""
    isolation = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with warehouse.engine.execution_options(**isolation).begin() as connection:
        execute(connection, "report/settings", timeout=TIMEOUT)
        _become(connection, ANALYST_PII if selection.pii else ANALYST)
        yield Reader(connection, selection)


def select(
    warehouse: Warehouse,
    days: tuple[date, date] | None = None,
    accounts: Sequence[str] = (),
    pii: bool = False,
) -> Selection:
    """What was asked for: by default all accounts, and the seven days that end with today, of the
    account that is furthest ahead.

    Raises CallhouseError for an account that isn't there, and for days that make no period.
    """
    known = {row.account: row.today for row in warehouse.rows("report/accounts")}
    if not known:
        raise CallhouseError("Nothing is loaded yet: no account has been read. Run callhouse sync.")
    if unknown := sorted(set(accounts) - known.keys()):
        existing = ", ".join(sorted(known))
        raise CallhouseError(f"No account {', '.join(unknown)} is loaded. There are: {existing}.")
    names = tuple(name for name in known if name in accounts) or tuple(known)
    if days is None:
        today = max(known[name] for name in names)
        days = (today - timedelta(days=USUAL_DAYS - 1), today)
    first, last = days
    if first > last:
        raise CallhouseError(f"The period ends ({last}) before it begins ({first}).")
    if (last - first).days >= MOST_DAYS:
        raise CallhouseError(f"A report is of {MOST_DAYS} days at most: choose a later --from.")
    return Selection(first, last, names, pii)


def _become(connection: Connection, role: str) -> None:
    """Reads what this role reads, where the user may take it; otherwise as the user."""
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
    except (sa.exc.ProgrammingError, sa.exc.DataError):
        return


def _by_hand(text: str, selection: Selection) -> str:
    """The query with its parameters in it."""
    names = ", ".join(literal(name) for name in selection.accounts)
    values = {
        "first": f"date '{selection.first}'",
        "last": f"date '{selection.last}'",
        "accounts": f"ARRAY[{names}]",
        "pii": str(selection.pii).lower(),
    }
    return _PARAMETER.sub(lambda found: values[found[1]], text).strip()
