"""`python -m bench.growth`: what loads cost beside what is known already, and what changes leave.

Known records are made by SQL: heads of other days, a third of them of the account that is loaded,
the others of six more. That is what every load looks into; raw and facts are by day.
"""

import argparse
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta

import psycopg

from bench.__main__ import FOLDER
from bench.yard import Figures, Lane, Yard
from resources.standin.fast import DAYS

DIALOGS = 20_000
NEW = 10
CHANGED = 1_000_000
PIECE = 1_000_000

KNOWN = """
INSERT INTO raw.heads (account, stream, record_key, call_date, version, digest, observed_at,
    first_seen_at)
SELECT CASE WHEN n %% 3 = 0 THEN 'demo-fast' ELSE 'other-' || n %% 9 END, 'dialogs',
       gen_random_uuid(), CAST(%(before)s AS date) - (n %% 700)::integer, 1, gen_random_uuid(),
       now() - interval '90 days', now() - interval '90 days'
  FROM generate_series(%(first)s::bigint, %(last)s) n
"""
FORGET = """
WITH new AS (
    DELETE FROM raw.heads WHERE (account, stream, record_key) IN (
        SELECT account, stream, record_key FROM raw.heads
         WHERE account = 'demo-fast' AND stream = 'dialogs' AND call_date = %(day)s
         ORDER BY record_key LIMIT %(number)s)
    RETURNING record_key
), raw AS (
    DELETE FROM raw.records WHERE call_date = %(day)s AND record_key IN (SELECT record_key FROM new)
), legs AS (
    DELETE FROM facts.call_legs WHERE call_date = %(day)s AND leg_id IN (SELECT record_key FROM new)
)
DELETE FROM facts.calls WHERE call_date = %(day)s AND call_id IN (SELECT record_key FROM new)
"""
CHANGE = """
UPDATE raw.heads SET version = version + 1, digest = gen_random_uuid(), observed_at = now()
 WHERE ctid = ANY (ARRAY(SELECT ctid FROM raw.heads WHERE account LIKE 'other-%%'
                          ORDER BY random() LIMIT %(number)s))
"""
INDEXES = """
SELECT coalesce(conname, ''), indexrelid::regclass::text,
       CASE WHEN conname IS NULL THEN pg_get_indexdef(indexrelid)
            ELSE format('ALTER TABLE raw.heads ADD CONSTRAINT %I %s', conname,
                        pg_get_constraintdef(c.oid)) END
  FROM pg_index LEFT JOIN pg_constraint c ON conindid = indexrelid
 WHERE indrelid = 'raw.heads'::regclass
"""
SIZES = """
SELECT pg_relation_size('raw.heads') / 1e6,
       pg_relation_size('raw.heads_pkey') / 1e6, pg_relation_size('raw.heads_by_day') / 1e6
"""
HOT = """
SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables
 WHERE schemaname = 'raw' AND relname = 'heads'
"""


def main() -> None:
    """Measures, and prints two tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--known", type=int, nargs="+", default=[0, 1_000_000, 10_000_000])
    parser.add_argument("--changed", type=int, default=CHANGED)
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    print(
        f"| known records | first load of {DIALOGS:,} | a poll with nothing new"
        f" | a day of {DIALOGS // DAYS} again, {NEW} new | a day backfilled |"
    )
    print("|---:|---:|---:|---:|---:|")
    with Yard(FOLDER) as yard, yard.vendors(dialogs=DIALOGS) as url:
        for known in options.known:
            with yard.lane(url, "conpeek", "dialogs") as lane:
                _know(lane, known)
                print(f"| {known:,} | {' | '.join(_loads(lane))} |", flush=True)
                if known == max(options.known) and known:
                    print(_bloat(lane, min(options.changed, known // 2)), flush=True)


def _know(lane: Lane, known: int) -> None:
    """Makes the records. Their indexes are built afterwards: as fast as the table is read."""
    with closing(psycopg.connect(lane.task.database_url, autocommit=True)) as connection:
        indexes = connection.execute(INDEXES).fetchall()
        for constraint, index, _ in indexes:
            drop = f"ALTER TABLE raw.heads DROP CONSTRAINT {constraint}"
            connection.execute((drop if constraint else f"DROP INDEX {index}").encode())
        for first in range(1, known + 1, PIECE):
            last = min(known, first + PIECE - 1)
            values = {"before": lane.task.first_day, "first": first, "last": last}
            connection.execute(KNOWN, values)
        connection.execute("SET maintenance_work_mem = '1GB'")
        for _, _, definition in indexes:
            connection.execute(definition.encode())
        connection.execute("VACUUM ANALYZE raw.heads")


def _loads(lane: Lane) -> Iterator[str]:
    """CPU, without start-up, of a first load, a poll with nothing new, and a day read again."""
    yield _seconds(lane.run("ours", "load"))
    said = lane.run("ours", "idle").said
    spent_s = (said["polls_client_s"] + said["polls_postgres_s"]) / said["polls"]
    yield f"{spent_s * 1000:.0f} ms"
    day = date.fromisoformat(lane.task.first_day) + timedelta(days=lane.task.days - 2)
    for number in (NEW, DIALOGS):
        with closing(psycopg.connect(lane.task.database_url, autocommit=True)) as connection:
            connection.execute(FORGET, {"day": day, "number": number})
        yield _seconds(lane.run("ours", "load", first_day=day.isoformat(), days=1))


def _seconds(figures: Figures) -> str:
    return f"{figures.cpu_s - figures.startup_s:.2f} s"


def _bloat(lane: Lane, changed: int) -> str:
    """Sizes before and after so many changed heads, and after a vacuum."""
    lines = ["", "| MB | raw.heads | its key | its index by day |", "|---|---:|---:|---:|"]
    with closing(psycopg.connect(lane.task.database_url, autocommit=True)) as connection:

        def note(what: str) -> None:
            sizes = connection.execute(SIZES).fetchone() or ()
            lines.append(f"| {what} | {' | '.join(f'{size:,.0f}' for size in sizes)} |")

        def updates() -> tuple[int, int]:
            connection.execute("SELECT pg_stat_force_next_flush()")
            found = connection.execute(HOT).fetchone() or (0, 0)
            return found[0], found[1]

        before = updates()
        note("before")
        connection.execute(CHANGE, {"number": changed})
        after = updates()
        note(f"{changed:,} records have changed")
        connection.execute("VACUUM raw.heads")
        note("vacuumed")
        connection.execute(CHANGE, {"number": changed})
        note("as many again")
    share = (after[1] - before[1]) / max(1, after[0] - before[0])
    return "\n".join([*lines, "", f"{share:.0%} of the updates were heap-only."])


if __name__ == "__main__":
    main()
