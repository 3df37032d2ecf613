"""`python -m bench.analyst_queries`: what analysts ask, over five million calls of a year.

The calls are made by SQL in a warehouse of the benchmark's own, so that a run takes minutes. Each
query is timed as an analyst meets it: the first time in a new session, planning over all partitions
included, and again in the same session.
"""

# ruff: noqa: S608 - our own texts, with our own days in them

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import psycopg

from assets.refresh import refresh_marts
from resources.configuration.home import CHECKOUT, Home
from resources.embedded.local_postgres import LocalPostgres
from resources.postgres.migration import migrate
from resources.postgres.warehouse import Warehouse

FOLDER = CHECKOUT / ".callhouse" / "bench-analysts"
FIRST = date(2026, 1, 1)
ACCOUNTS = 20
NUMBER = "+48225553"
"""A customer's."""
SESSIONS = 5
AGAIN = 5

CALLS = """
INSERT INTO facts.calls (call_date, account, stream, call_id, vendor, grain, direction, started_at,
    started_local, answered_at, ended_at, duration_s, talk_s, wait_s, from_number, to_number,
    from_e164, to_e164, caller_key, disposition, is_final, agent_name, queue_name, cost, currency,
    attributes)
SELECT %(day)s, 'account-' || n %% %(accounts)s, 'calls', md5(%(day)s::text || n),
       (ARRAY['conpeek', 'wolkvox', 'evolux', 'clickfono', 'vono'])[1 + n %% 5],
       (ARRAY['call', 'call', 'ivr_session', 'callback_request', 'recorded_call'])[1 + n %% 5],
       CASE WHEN n %% 3 = 0 THEN 'outbound' ELSE 'inbound' END, at, at AT TIME ZONE 'UTC',
       at + interval '9 s', at + interval '2 min', 120,
       CASE WHEN n %% 7 < 5 THEN 60 + n %% 200 END, n %% 40,
       '+4822555' || n %% 10000, '+48600' || n %% 1000000, '+4822555' || n %% 10000,
       '+48600' || n %% 1000000,
       md5('+4822555' || (n + %(day)s::date - DATE '2026-01-01') %% 10000),
       CASE WHEN n %% 7 < 5 THEN 'answered' WHEN n %% 7 = 5 THEN 'abandoned' ELSE 'no_answer' END,
       true, 'Agent ' || n %% 50, 'Queue ' || n %% 4, n %% 90, 'COP',
       jsonb_build_object('project_id', n %% 9, 'note', md5(n::text))
  FROM generate_series(1, %(calls)s) n,
       LATERAL (SELECT %(day)s::timestamptz + interval '8 h' + n * interval '12 h' / %(calls)s)
               AS t (at)
"""
HEADS = """
INSERT INTO raw.heads (account, stream, record_key, call_date, version, digest, observed_at,
    first_seen_at)
SELECT account, stream, call_id, call_date, 1, md5(call_id)::uuid, started_at, started_at
  FROM facts.calls WHERE call_date = %(day)s
"""
DAYS = """
INSERT INTO ops.days (account, stream, call_date, state, timezone)
SELECT 'account-' || n, 'calls', %(day)s, 'complete', 'UTC'
  FROM generate_series(0, %(accounts)s - 1) n
"""
STREAMS = """
INSERT INTO ops.streams (account, stream, vendor)
SELECT 'account-' || n, 'calls', 'conpeek' FROM generate_series(0, %(accounts)s - 1) n
"""


@dataclass(frozen=True)
class Question:
    """A query, and how fast it has to be."""

    title: str
    target_ms: int
    text: str


def questions(day: date, call_id: str) -> list[Question]:
    """Of a day in the midst of the year."""
    week = day + timedelta(days=7)
    next_day = day + timedelta(days=1)
    return [
        Question(
            "one day by `call_date`",
            30,
            "SELECT vendor, grain, count(*), avg(talk_s) FROM facts.calls"
            f" WHERE call_date = '{day}' GROUP BY 1, 2",
        ),
        Question(
            "seven days by hour and vendor",
            150,
            "SELECT date_trunc('hour', started_at), vendor, count(*), avg(wait_s) FROM facts.calls"
            f" WHERE call_date >= '{day}' AND call_date < '{week}' GROUP BY 1, 2",
        ),
        Question(
            "seven days by hour and vendor, from the mart",
            150,
            "SELECT hour_at, vendor, sum(calls), sum(wait_s) / sum(waits) FROM marts.calls_by_hour"
            f" WHERE call_date >= '{day}' AND call_date < '{week}' GROUP BY 1, 2",
        ),
        Question(
            "one day by `started_at` alone",
            50,
            "SELECT vendor, grain, count(*), avg(talk_s) FROM facts.calls"
            f" WHERE started_at >= '{day} 00:00Z' AND started_at < '{next_day} 00:00Z'"
            " GROUP BY 1, 2",
        ),
        Question(
            "the same day by `facts.calls_between`",
            50,
            "SELECT vendor, grain, count(*), avg(talk_s)"
            f" FROM facts.calls_between('{day} 00:00Z', '{next_day} 00:00Z') GROUP BY 1, 2",
        ),
        Question(
            "one call by its id: `facts.find_calls`",
            50,
            f"SELECT * FROM facts.find_calls('{call_id}')",
        ),
        Question(
            "the calls of one caller, whatever the day: `facts.calls_of_caller`",
            50,
            f"SELECT call_date, account, outcome FROM facts.calls_of_caller(md5('{NUMBER}'))",
        ),
        Question(
            "the year by month, from `marts.calls_by_day`",
            1500,
            "SELECT date_trunc('month', call_date), vendor, grain, sum(calls), sum(answered_calls)"
            " FROM marts.calls_by_day GROUP BY 1, 2, 3",
        ),
        Question(
            "the year by month, from `marts.calls_by_hour`",
            1500,
            "SELECT date_trunc('month', call_date), vendor, grain, outcome, sum(calls)"
            " FROM marts.calls_by_hour GROUP BY 1, 2, 3, 4",
        ),
    ]


def main() -> None:
    """Makes the calls, asks the questions and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.analyst_queries", description=__doc__)
    parser.add_argument("--calls", type=int, default=5_000_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--keep", action="store_true", help="use the calls of the last --keep run")
    options = parser.parse_args()
    server = LocalPostgres(Home(FOLDER))
    url = server.start()
    try:
        migrate(url)
        if not (options.keep and _is_filled(url, options.calls)):
            fill(url, options.calls, options.days)
        print(ask(url, options.days))
    finally:
        server.stop()


def fill(url: str, calls: int, days: int) -> None:
    """Makes the calls, day by day, and the marts from them."""
    warehouse = Warehouse(url)
    every = [FIRST + timedelta(days=n) for n in range(days)]
    warehouse.make_days(set(every))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE facts.calls, raw.heads, ops.days, ops.streams")
        connection.execute("SET synchronous_commit = off")
        size = {"calls": max(1, calls // days), "accounts": ACCOUNTS}
        connection.execute(STREAMS, size)
        for day in every:
            for statement in (CALLS, HEADS, DAYS):
                connection.execute(statement, {"day": day, **size})
            connection.execute("INSERT INTO ops.stale_days (call_date) VALUES (%s)", [day])
        connection.execute("VACUUM ANALYZE")
    _timed("the marts of the whole year", lambda: refresh_marts(warehouse))
    warehouse.close()


def ask(url: str, days: int) -> str:
    """A table of the questions and how long their answers took, in ms."""
    day = FIRST + timedelta(days=days // 2)
    with psycopg.connect(url) as connection:
        find = "SELECT max(call_id) FROM facts.calls WHERE call_date = %s"
        [call_id] = connection.execute(find, [day]).fetchone() or ("",)
    lines = ["| question | target ms | first in a session | again |", "|---|---:|---:|---:|"]
    for question in questions(day, call_id):
        first, again = _time(url, question.text)
        lines.append(f"| {question.title} | {question.target_ms} | {first:.0f} | {again:.0f} |")
    return "\n".join(lines)


def _time(url: str, text: str) -> tuple[float, float]:
    """The best of several: what disturbs a query only makes it slower."""
    first: list[float] = []
    again: list[float] = []
    for _ in range(SESSIONS):
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
            for n in range(1 + AGAIN):
                began = time.perf_counter()
                connection.execute(text.encode()).fetchall()
                (again if n else first).append((time.perf_counter() - began) * 1000)
    return min(first), min(again)


def _is_filled(url: str, calls: int) -> bool:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM raw.heads").fetchone()
    return bool(found and found[0] > 0.9 * calls)


def _timed(what: str, work: Callable[[], Sequence[object]]) -> None:
    began = time.perf_counter()
    done = work()
    print(f"{what}: {len(done)} days in {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
