"""One batch, one transaction: whole, or without the records that nobody can take."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from assets.loading.landing.land import Landing
from assets.loading.landing.mapping import UnmappableError
from assets.loading.landing.observation import Observation
from assets.loading.result import Loaded
from resources.postgres.errors import refuses, sqlstate
from resources.postgres.warehouse import Warehouse

_OFTEN_A_RECORD = (UnmappableError, sa.exc.DBAPIError, psycopg.Error)
Finish = Callable[[Connection, Loaded], None]
"""What else belongs in the batch's transaction; it adds to what the batch loaded. It may be done
more than once."""


def commit(
    warehouse: Warehouse,
    landing: Landing,
    observations: Sequence[Observation],
    prepare: Callable[[Connection], None],
    count: Finish,
    finish: Finish | None = None,
) -> Loaded:
    """Lands the batch in a transaction: `prepare` (locks), the records, `count`, `finish`.

    A record on which the mapping or Postgres fails would stop the whole load, each time: it is
    looked for by halving the batch, and becomes a reject.
    """

    def work(connection: Connection) -> Loaded:
        prepare(connection)
        loaded = landing.land(connection, observations)
        (finish or count)(connection, loaded)
        return loaded

    if observations:
        warehouse.look_for_days()
    try:
        return warehouse.in_transaction(work)
    except _OFTEN_A_RECORD as error:
        if not observations or (reason := _refusal(error)) is None:
            raise
    if len(observations) == 1:
        if observations[0].key is None:
            raise AssertionError(f"a reject can't be stored: {reason}")
        parts = [[replace(observations[0], key=None, fault=reason)]]
    else:
        half = len(observations) // 2
        parts = [list(observations[:half]), list(observations[half:])]
    loaded = Loaded()
    for part in parts:
        loaded.add(commit(warehouse, landing, part, prepare, count))
    if finish is not None:
        loaded.add(commit(warehouse, landing, [], prepare, count, finish))
    return loaded


def land_alone(connection: Connection, landing: Landing, observation: Observation) -> Loaded:
    """Lands one record in the connection's transaction; as a reject, if nobody can take it."""
    try:
        with connection.begin_nested():
            return landing.land(connection, [observation])
    except _OFTEN_A_RECORD as error:
        if (reason := _refusal(error)) is None:
            raise
    return landing.land(connection, [replace(observation, key=None, fault=reason)])


def _refusal(error: Exception) -> str | None:
    """Why a record can't be taken; None if that isn't what the error says."""
    if isinstance(error, UnmappableError):
        return str(error)
    if refuses(error):  # its text may quote the record
        return f"Postgres refuses it ({sqlstate(error) or type(error).__name__})"
    return None
