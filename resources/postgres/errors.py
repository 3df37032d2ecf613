"""What an error of Postgres means for the work: again, without this record, or not at all."""

from collections.abc import Callable
from typing import TypeVar

import psycopg
import sqlalchemy as sa
import stamina

T = TypeVar("T")

PASSING = {
    "40001", "40003", "40P01",  # two transactions in each other's way: one of them goes again
    "53300",  # all connections are taken
    "55P03",  # a lock wasn't granted in time
    "57P01", "57P02", "57P03", "57P05",  # the server stops, crashed, starts, or tidied up
}  # fmt: skip
FULL = "53100"
READ_ONLY = "25006"
REFUSED = {"too many": "53300", "connection slots": "53300"}
"""Of a connection that didn't come about there is a text alone."""
WORDS = {
    READ_ONLY: "the database can only be read, as a replica can: give the address of the one that "
    "is written to",
    FULL: "the database's disk is full: make room, or give it more",
    "53200": "the database is out of memory: give it more, or allow it fewer connections",
    "53300": "all of the database's connections are taken: end some, or allow it more",
    "55P03": "somebody holds a lock that this needs: look in pg_stat_activity for a transaction "
    "that is open for long, and end it",
    "57014": "somebody, or a statement_timeout, cancelled it",
}
"""What an error of Postgres means that an operator can end, and how."""
TOO_MUCH = "54"
"""The class of what exceeds a limit of Postgres' own: a row of an index, a statement."""


def sqlstate(error: BaseException) -> str | None:
    """Postgres' code for the error; None when it isn't Postgres' error."""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return cause.sqlstate if isinstance(cause, psycopg.Error) else None


def message(error: sa.exc.DBAPIError) -> str:
    """Postgres' own message, without the rows that it may quote beside it."""
    diagnosis = getattr(error.orig, "diag", None)
    return getattr(diagnosis, "message_primary", None) or type(error.orig).__name__


def in_words(error: BaseException) -> str | None:
    """What it means where the database lacks something that an operator can give it."""
    state = sqlstate(error) or next((s for text, s in REFUSED.items() if text in str(error)), "")
    return WORDS.get(state)


def is_full_disk(message: str | None) -> bool:
    """Whether a message that was kept is `in_words` of a full disk."""
    return WORDS[FULL] in (message or "")


def passes(error: BaseException) -> bool:
    """Whether the same may succeed in a moment: the database restarts, or loads met.

    Not so a full disk: what fails of it fails, and is read again by the next run.
    """
    state = sqlstate(error)
    if state is not None:
        return state in PASSING or state.startswith("08")
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return isinstance(cause, psycopg.OperationalError)  # the connection itself is gone


def lacks_partition(error: BaseException) -> bool:
    """Whether a row's day has no partition. (A constraint that a row breaks has a name.)"""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return isinstance(cause, psycopg.errors.CheckViolation) and not cause.diag.constraint_name


def refuses(error: BaseException) -> bool:
    """Whether Postgres (or its driver) refuses what is to be written: without it, the
    rest may go.
    """
    if lacks_partition(error):
        return False
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    is_too_much = (sqlstate(error) or "").startswith(TOO_MUCH)
    return is_too_much or isinstance(cause, psycopg.DataError | psycopg.IntegrityError)


def persistently(work: Callable[[], T]) -> T:
    """`work()`, again while the database restarts or aborts it: for as long as a restart with a
    recovery takes. `work` must be safe to repeat, also after a commit whose answer got lost.
    """
    try:
        return work()  # nearly always enough, and cheaper than the preparations to do it again
    except Exception as error:
        if not passes(error):
            raise
    for attempt in stamina.retry_context(
        on=_passes, attempts=39, timeout=90, wait_initial=0.1, wait_max=3
    ):
        with attempt:
            return work()
    raise AssertionError("unreachable")


def _passes(error: Exception) -> bool:
    return passes(error)
