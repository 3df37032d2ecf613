"""The last of the checks, on a real database: what the mapping lets through, Postgres takes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from assets.loading.account_stream import AccountStream
from assets.loading.landing.land import Landing
from assets.loading.landing.observation import Observation
from resources.postgres.warehouse import Warehouse
from resources.text import payload
from resources.vendor_api.vendor import Record, Stream
from tests.contract.changed import broken_variants
from tests.contract.harness import DAY, Harness, Subject

ODD: tuple[Any, ...] = ([1, "x"], "text", 5, None, True, {})
"""What may stand where a record should be."""


def everything_lands(subject: Subject, harness: Harness, warehouse: Warehouse) -> None:
    """The sample, every broken variant of it and what is no record at all: raw = facts + rejects.

    What has no key can't be raw: it is a reject, with its payload.
    """
    _, records = harness.sample(subject)
    observations = list(_observations(subject, [*records, *broken_variants(records)]))
    landing = Landing(
        AccountStream(harness.account(subject.vendor), subject.stream),
        [DAY],
        warehouse.require_days,
    )

    def work(connection: sa.Connection) -> None:
        landing.land(connection, observations)

    warehouse.in_transaction(work)

    keys = {observation.key for observation in observations} - {None}
    odd = {
        payload.encode(observation.record)
        for observation in observations
        if observation.key is None
    }
    raw, rejected = _one(warehouse, "count(*), count(*) FILTER (WHERE rejected) FROM raw.heads")
    assert raw == len(keys)
    assert rejected < raw
    kept = _one(
        warehouse,
        "count(record_key), count(*) - count(record_key) FROM ops.rejects "
        "WHERE resolved_at IS NULL",
    )
    assert kept == (rejected, len(odd))
    target = subject.stream.target
    if target.kind.is_counted:
        assert _one(warehouse, f"count(*) FROM facts.{target.name}") == (raw - rejected,)


def _observations(subject: Subject, records: list[Record]) -> Iterator[Observation]:
    """Variants of a record get keys of their own, but where the key is in the row."""
    now, stream = datetime.now(UTC), subject.stream
    for number, record in enumerate(records):
        key: str | None = f"record-{number}"
        if isinstance(stream, Stream):
            key = stream.key(record)
            if key is not None:
                key = f"{DAY}/{key}" if stream.replaces else f"{key}#{number}"
        yield Observation(record, 1, now, key=key, day=DAY)
    if isinstance(stream, Stream):
        for odd in ODD:
            yield Observation(odd, 1, now, day=DAY)


def _one(warehouse: Warehouse, query: str) -> tuple[Any, ...]:
    with warehouse.transaction() as connection:
        return tuple(connection.execute(sa.text(f"SELECT {query}")).one())
