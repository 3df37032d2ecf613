"""Which workers there are, and which runs they execute: leases in Postgres, by its clock.

The broker can't tell: a worker that was killed, or whose host is gone, says nothing any more.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from uuid import uuid4

import sqlalchemy as sa

from pipelines.workers.queues import Queue
from resources.postgres.database import URL
from resources.postgres.leases import Leases
from resources.postgres.warehouse import Warehouse, execute

LEASE_S = 60.0
"""How soon a worker, or a run's process, counts as lost. A restart of Postgres is shorter."""


class Worker:
    """A worker of one queue, for as long as it says so."""

    def __init__(self, warehouse: Warehouse, queue: Queue, slots: int) -> None:
        self._warehouse = warehouse
        self._row = {
            "worker": uuid4().hex,
            "host": socket.gethostname(),
            "queue": queue.value,
            "slots": slots,
            "version": version("callhouse"),
            "lease_s": LEASE_S,
        }

    def renew(self) -> None:
        """Says that it takes runs, for LEASE_S."""
        self._warehouse.run("workers/note_worker", **self._row)

    def end(self) -> None:
        """Says that it takes none any more. A database that is away isn't waited for: it ends by
        itself.
        """
        with suppress(sa.exc.SQLAlchemyError), self._warehouse.transaction() as connection:
            execute(connection, "workers/end_worker", worker=self._row["worker"])


def read_slots(warehouse: Warehouse) -> dict[Queue, int]:
    """How many runs all workers together have at once, by queue."""
    found = dict.fromkeys(Queue, 0)
    for row in warehouse.rows("workers/slots"):
        found[Queue(row.queue)] = row.slots
    return found


@dataclass(slots=True)
class _RunLease:
    id: int
    lease_ends: float = 0.0


@contextmanager
def executing(run_id: str) -> Iterator[bool]:
    """For the length of the block nobody else executes the run. False for whom another one does."""
    with closing(Warehouse(os.environ[URL], pool_size=1)) as warehouse:
        rows = warehouse.rows(
            "workers/begin_run", run_id=run_id, host=socket.gethostname(), lease_s=LEASE_S
        )
        if not rows:
            yield False
            return

        def renew(runs: list[int]) -> set[int]:
            found = warehouse.rows("workers/renew_runs", runs=runs, lease_s=LEASE_S)
            return {row.id for row in found}

        lease = _RunLease(rows[0].id)
        leases = Leases("worker's run", LEASE_S, renew)
        try:
            with leases.hold(lease):
                yield True
        finally:
            leases.close()
            warehouse.run("workers/end_run", id=lease.id)


@dataclass(frozen=True)
class Execution:
    """What is known of a run's process."""

    host: str
    lives: bool


def execution(warehouse: Warehouse, run_id: str) -> Execution | None:
    """The process that executes the run; None if there is none."""
    rows = warehouse.rows("workers/run", run_id=run_id)
    return Execution(rows[0].host, rows[0].lives) if rows else None
