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
    except (UnmappableError, sa.exc.DBAPIError, psycopg.Error) as error:
        if not sightings or not (isinstance(error, UnmappableError) or refuses(error)):
            raise
        reason = str(error)
        if not isinstance(error, UnmappableError):  # whose text may quote the record
            reason = f"Postgres refuses it ({sqlstate(error) or type(error).__name__})"
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
