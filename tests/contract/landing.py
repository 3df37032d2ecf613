"""The last of the checks, on a real database: what the mapping lets through, Postgres takes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from assets.land import Landing, Sighting
from resources.vendor import Record, Stream
from resources.warehouse import Warehouse
from tests.contract.bench import DAY, HOLDS, SEVERAL_ROWS, Bench, Subject
from tests.contract.checks import broken_variants

ODD: tuple[Any, ...] = ([1, "x"], "text", 5, None, True, {})
"""What may stand where a record should be."""


def everything_lands(subject: Subject, bench: Bench, warehouse: Warehouse) -> None:
    """The sample, every broken variant of it and what is no record at all: raw = facts + rejects.

    A record without a key can't be raw: it is a reject, with its payload.
    """
    _, records = bench.sample(subject)
    sightings = list(_sightings(subject, [*records, *broken_variants(records)]))
    landing = Landing(bench.account(subject.vendor), subject.stream, DAY, warehouse.make_days)

    def work(connection: sa.Connection) -> None:
        landing.land(connection, sightings)

    warehouse.in_transaction(work)

    table = HOLDS.get(subject.stream.table, subject.stream.table)
    raw, rejected = _one(warehouse, "count(*), count(*) FILTER (WHERE rejected) FROM raw.heads")
    assert raw == len(landing.seen)
    kept = _one(
        warehouse,
        "count(record_key), count(*) - count(record_key) FROM ops.rejects "
        "WHERE resolved_at IS NULL",
    )
    assert kept == (rejected, len(landing.unkeyed))
    if table not in SEVERAL_ROWS and subject.stream.table not in HOLDS:
        assert _one(warehouse, f"count(*) FROM facts.{table}") == (raw - rejected,)
    assert 0 < rejected < raw


def _sightings(subject: Subject, records: list[Record]) -> Iterator[Sighting]:
    now = datetime.now(UTC)
    for number, record in enumerate(records):
        if not isinstance(subject.stream, Stream):
            yield Sighting(record, 1, now, key=f"parent-{number}", day=DAY)
        elif subject.stream.replaces:
            yield Sighting(record, 1, now)  # its key is in its row: variants come one by one
        else:
            key = subject.stream.key(record)
            yield Sighting(record, 1, now, key=key and f"{key}#{number}")
    if isinstance(subject.stream, Stream):
        for odd in ODD:
            yield Sighting(odd, 1, now)


def _one(warehouse: Warehouse, query: str) -> tuple[Any, ...]:
    with warehouse.transaction() as connection:
        return tuple(connection.execute(sa.text(f"SELECT {query}")).one())
