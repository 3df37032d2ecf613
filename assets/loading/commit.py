"""One batch, one transaction: whole, or without the records that nobody can take."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.loading.land import Landing
from assets.loading.shape import UnmappableError
from assets.loading.sight import Sighting
from assets.loading.tally import Tally
from resources.retry import refuses, sqlstate
from resources.warehouse import Warehouse

_OFTEN_A_RECORD = (UnmappableError, sa.exc.DBAPIError, psycopg.Error)
Finish = Callable[[Connection, Tally], None]
"""What belongs into the batch's transaction besides it; adds to the batch's tally. It may be done
more than once."""


def commit(
    warehouse: Warehouse,
    landing: Landing,
    sightings: Sequence[Sighting],
    prepare: Callable[[Connection], None],
    count: Finish,
    finish: Finish | None = None,
) -> Tally:
    """Lands the batch in a transaction: `prepare` (locks), the records, `count`, `finish`.

    A record on which the mapping or Postgres fails would stop the whole load, each time: it is
    looked for by halving the batch, and becomes a reject.
    """

    def work(connection: Connection) -> Tally:
        prepare(connection)
        tally = landing.land(connection, sightings)
        (finish or count)(connection, tally)
        return tally

    if sightings:
        warehouse.look_for_days()
    try:
        return warehouse.in_transaction(work)
    except _OFTEN_A_RECORD as error:
        if not sightings or (reason := _refusal(error)) is None:
            raise
    if len(sightings) == 1:
        if sightings[0].key is None:
            raise AssertionError(f"a reject can't be stored: {reason}")
        parts = [[replace(sightings[0], key=None, fault=reason)]]
    else:
        half = len(sightings) // 2
        parts = [list(sightings[:half]), list(sightings[half:])]
    tally = Tally()
    for part in parts:
        tally.add(commit(warehouse, landing, part, prepare, count))
    if finish is not None:
        tally.add(commit(warehouse, landing, [], prepare, count, finish))
    return tally


def land_alone(connection: Connection, landing: Landing, sighting: Sighting) -> Tally:
    """Lands one record in the connection's transaction; as a reject, if nobody can take it."""
    try:
        with connection.begin_nested():
            return landing.land(connection, [sighting])
    except _OFTEN_A_RECORD as error:
        if (reason := _refusal(error)) is None:
            raise
    return landing.land(connection, [replace(sighting, key=None, fault=reason)])


def _refusal(error: Exception) -> str | None:
    """Why a record can't be taken; None if that isn't what the error says."""
    if isinstance(error, UnmappableError):
        return str(error)
    if refuses(error):  # its text may quote the record
        return f"Postgres refuses it ({sqlstate(error) or type(error).__name__})"
    return None
