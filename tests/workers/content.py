"""What the tables of a warehouse tell: for comparison with another's, and what runs hold."""

import json

import psycopg

from sql import facts

CHANGES_WITH_TIME = ["first_seen_at", "updated_at", "observed_at", "request_id"]
HELD = """
SELECT (SELECT count(*) FROM ops.permits WHERE reached_at IS NULL AND expires_at > ops.now()),
       (SELECT count(*) FROM ops.reads WHERE expires_at > ops.now()),
       (SELECT count(*) FROM ops.worker_runs WHERE expires_at > ops.now())
"""
"""Permits, windows and runs that somebody has."""


def content(database_url: str, last: str) -> dict[str, list[str]]:
    """Of the days until `last`, by table; not when it was told."""
    found: dict[str, list[str]] = {}
    with psycopg.connect(database_url) as connection:
        for table in ("raw.records", *(f"facts.{name}" for name in facts.TABLES)):
            rows = connection.execute(
                f"SELECT to_jsonb(t) - %s::text[] FROM {table} t WHERE call_date <= %s".encode(),
                [CHANGES_WITH_TIME, last],
            )
            found[table] = sorted(json.dumps(row, sort_keys=True) for (row,) in rows)
    return found
