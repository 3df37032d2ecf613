"""Ledgers lose what is old and over."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

import sql.catalog
from assets.maintenance import expiry, tasks
from resources.postgres.warehouse import Warehouse
from tests.db.facts import DAY, put, query

OWN = {"account": "acme", "stream": "calls"}

LIMITED = {"credential": "c", "report": "r", "backfill": False, **OWN}


NAMED_IN = {
    "requests": "report", "rejects": "record_key", "quotas": "bucket", "details": "record_key",
    "backfills": "run_id", "permits": "report", "holds": "credential", "waiters": "report",
    "reads": "run_id", "workers": "worker", "worker_runs": "run_id",
}  # fmt: skip
"""The column of each ledger that tells these tests' rows apart."""


def put_ledgers(c: sa.Connection, name: str, at: datetime, over: bool = True) -> None:
    """A row of every ledger, known by `name`, about what was at `at`."""
    digest, first = f"00000000-0000-0000-0000-{at:%Y%m%d%H%M}", {"first_seen_at": at}
    known = LIMITED | {"credential": name, "report": name}
    request = {"backfill": False, "requested_at": at, "duration_s": 1, "report": name, **OWN}
    put(c, "ops.requests", **request)
    put(c, "ops.rejects", call_date=DAY, field="f", reason="r", payload="{}", record_key=name,
        digest=digest, resolved_at=at if over else None, **first, **OWN)  # fmt: skip
    put(c, "ops.quotas", bucket=name, day=at.date())
    put(c, "ops.details", record_key=name, call_date=at.date(), attempts=1, **OWN)
    if over:
        put(c, "raw.heads", record_key=name, call_date=at.date(), version=1, digest=digest,
            observed_at=at, **first, **OWN)  # fmt: skip
    put(c, "ops.backfills", run_id=name, windows=2, days=2, first_day=at.date(),
        last_day=at.date(), turn_s=1, started_at=at, seen_at=at, **OWN)  # fmt: skip
    put(c, "ops.permits", id=int(at.timestamp()), lease_s=15, counts_s=300,
        granted_at=at, expires_at=at, **known)  # fmt: skip
    put(c, "ops.holds", credential=name, since=at, until=at)
    put(c, "ops.waiters", holder=name, away=False, reason="rate", since=at, looked_at=at,
        ready_at=at, expected_at=at, expires_at=at, **known)  # fmt: skip
    put(
        c,
        "ops.reads",
        run_id=name,
        days=[],
        live=True,
        holder="h",
        began_at=at,
        expires_at=at,
        **OWN,
    )
    lease = {"host": "h", "began_at": at, "expires_at": at}
    put(c, "ops.workers", worker=name, queue="polls", slots=1, version="0", **lease)
    put(c, "ops.worker_runs", run_id=name, **lease)


def test_ledgers_lose_what_is_old_and_over(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "CHUNK", 2)
    now = datetime.now(UTC)
    old = now - timedelta(days=91)
    with warehouse.transaction() as c:
        for number in range(5):
            put_ledgers(c, f"old {number}", old - timedelta(seconds=number))
        put_ledgers(c, "open", old - timedelta(minutes=1), over=False)
        put_ledgers(c, "new", now)
    deleted = tasks.prune(warehouse, timedelta(days=90))
    stays = {"rejects", "details"}
    assert deleted == {ledger: 5 if ledger in stays else 6 for ledger in tasks.LEDGERS}
    for ledger, column in NAMED_IN.items():
        left = {name for (name,) in query(warehouse, f"SELECT {column} FROM ops.{ledger}")}
        assert left == ({"new", "open"} if ledger in stays else {"new"}), ledger


def test_every_table_of_ops_is_pruned_or_does_not_grow() -> None:
    """The others have a row an account, a day or an object, or lose theirs when it is over."""
    small = {"days", "streams", "findings", "stale_days", "objects", "settings",
             "suppressed", "suppressed_records", "erasures", "accounts", "holidays", "locks",
             "field_faults", "unstable_fields", "known_batches"}  # fmt: skip
    tables = {name.removeprefix("ops.") for name in sql.catalog.tables() if name[:4] == "ops."}
    assert tables == small | set(tasks.LEDGERS)
