"""One batch, one transaction: whole, or without the records that nobody can take."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

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
"""What else belongs in the batch's transaction; it adds to what the batch loaded. It may be called
more than once."""
Choose = Callable[[Connection, Sequence[Observation]], Sequence[Observation]]


@dataclass(frozen=True)
class Committer:
    """Commits the batches of one read: in each transaction `prepare` (locks), the records, and
    `count`, or what ends the read. `choose`: which of the records, by what is stored then.
    """

    warehouse: Warehouse
    landing: Landing
    prepare: Callable[[Connection], None]
    count: Finish
    choose: Choose | None = None

    def commit(self, observations: Sequence[Observation], finish: Finish | None = None) -> Loaded:
        """Lands the batch in a transaction; with `finish` it is the read's last one.

        A record on which the mapping or Postgres fails would stop the whole load, each time: it is
        looked for by halving the batch, and becomes a reject.
        """

        def work(connection: Connection) -> Loaded:
            self.prepare(connection)
            chosen = self.choose(connection, observations) if self.choose else observations
            loaded = self.landing.land(connection, chosen)
            (finish or self.count)(connection, loaded)
            return loaded

        if observations:
            # Before the work: a transaction that finds none is to be done again.
            self.warehouse.look_for_days()
            self.warehouse.make_days(self.landing.days)
        try:
            return self.warehouse.in_transaction(work)
        except _OFTEN_A_RECORD as error:
            if not observations or (reason := _refusal(error)) is None:
                raise
        loaded = Loaded()
        for part in _parts(observations, reason):
            loaded.add(self.commit(part))
        if finish is not None:
            loaded.add(self.commit([], finish))
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


def _parts(observations: Sequence[Observation], reason: str) -> list[list[Observation]]:
    """The halves of a batch that was refused; of one record the reject that it becomes."""
    if len(observations) > 1:
        half = len(observations) // 2
        return [list(observations[:half]), list(observations[half:])]
    if observations[0].key is None:
        raise AssertionError(f"a reject can't be stored: {reason}")
    return [[replace(observations[0], key=None, fault=reason)]]


def _refusal(error: Exception) -> str | None:
    """Why a record can't be taken; None if that isn't what the error says."""
    if isinstance(error, UnmappableError):
        return str(error)
    if refuses(error):  # its text may quote the record
        return f"Postgres refuses it ({sqlstate(error) or type(error).__name__})"
    return None
