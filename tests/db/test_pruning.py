"""Which days analysts' queries plan for and read: no times, but what Postgres plans and counts."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from bench.analyst_queries import FIRST, ask, fill, questions
from tests.conftest import fresh_database

DAYS = 12
CALLED = 3
"""Days on which the benchmark's customer calls, from the first on."""
DAY = FIRST + timedelta(days=2)
SCANNED = """
SELECT relname FROM pg_stat_xact_user_tables
 WHERE (seq_scan > 0 OR idx_scan > 0) AND relname ~ '^calls_[0-9]{8}$' ORDER BY 1
"""


@pytest.fixture(scope="module")
def url(postgres_url: str, template_database: str) -> Iterator[str]:
    """A warehouse as the benchmark fills it, with fewer days and calls."""
    with fresh_database(postgres_url, template=template_database) as url:
        fill(url, calls=DAYS * 120, days=DAYS)
        yield url


def days(first: date, count: int) -> list[str]:
    return [f"calls_{first + timedelta(days=n):%Y%m%d}" for n in range(count)]


def planned(plan: Any) -> set[str]:
    """Partitions of facts.calls that a plan names."""
    if isinstance(plan, list):
        return {name for part in plan for name in planned(part)}
    if not isinstance(plan, dict):
        return set()
    own = {plan["Relation Name"]} if str(plan.get("Relation Name")).startswith("calls_2") else set()
    return own | {name for part in plan.values() for name in planned(part)}


NEAR = days(DAY - timedelta(days=1), 3)
"""The days on which an instant of the day can be somewhere on Earth."""
EXPECTED = {
    "one day by `call_date`": (days(DAY, 1), days(DAY, 1)),
    "seven days by hour and vendor": (days(DAY, 7), days(DAY, 7)),
    "seven days by hour and vendor, from the mart": ([], []),
    "one day by `started_at` alone": (NEAR, NEAR),
    "the same day by `facts.calls_between`": (NEAR, NEAR),
    "one call by its id: `facts.find_calls`": ([], days(DAY, 1)),
    "the calls of one caller, whatever the day: `facts.calls_of_caller`": (
        [],
        days(FIRST, CALLED),
    ),
    "the year by month, from `marts.calls_by_day`": ([], []),
    "the year by month, from `marts.calls_by_hour`": ([], []),
}


WEEK = """
call_date BETWEEN '{first}' AND '{last}'
call_date >= DATE '{first}' AND call_date < DATE '{last}' + 1
call_date >= '{first}'::timestamp AND call_date < '{last}'::timestamp + interval '1 day'
call_date >= '{first} 00:00:00Z'::timestamptz AND call_date <= '{last} 00:00:00Z'::timestamptz
call_date >= TO_DATE('{first}', 'YYYY-MM-DD') AND call_date <= TO_DATE('{last}', 'YYYY-MM-DD')
call_date >= current_date - (current_date - DATE '{first}') AND call_date <= '{last}'
call_date >= date_trunc('day', '{first} 13:00'::timestamp) AND call_date <= '{last}'
"""
"""A week, as people and BI tools write it."""


@pytest.mark.parametrize("where", WEEK.split("\n")[1:-1])
def test_a_filter_by_date_reads_only_its_days(url: str, where: str) -> None:
    first, last = DAY, DAY + timedelta(days=6)
    condition = where.format(first=first, last=last)
    with psycopg.connect(url) as connection:
        connection.execute(f"SELECT count(*) FROM masked.calls WHERE {condition}".encode())
        assert [name for (name,) in connection.execute(SCANNED)] == days(first, 7)


def test_a_query_plans_for_and_reads_only_the_days_that_it_is_about(url: str) -> None:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT max(call_id) FROM facts.calls WHERE call_date = %s", [DAY]
        ).fetchone()
    assert found
    asked = questions(DAY, found[0])
    assert [question.title for question in asked] == list(EXPECTED)
    for question in asked:
        plan, read = EXPECTED[question.title]
        with psycopg.connect(url) as connection:  # what it has read is counted by session
            explain = f"EXPLAIN (FORMAT JSON) {question.text}"
            [shown] = connection.execute(explain.encode()).fetchone() or ("",)
            assert sorted(planned(shown)) == plan, (question.title, json.dumps(shown))
            assert connection.execute(question.text.encode()).fetchall(), question.title
            assert [name for (name,) in connection.execute(SCANNED)] == read, question.title


def test_the_benchmark_prints_a_line_a_question(url: str) -> None:
    lines = ask(url, DAYS).splitlines()
    assert len(lines) == 2 + len(EXPECTED)


def test_calls_between_are_those_that_started_then_whatever_their_day(url: str) -> None:
    span = ("2026-01-03 09:00+00", "2026-01-04 09:30+00")
    with psycopg.connect(url) as connection:
        plain = "SELECT count(*) FROM facts.calls WHERE started_at >= %s AND started_at < %s"
        expected = connection.execute(plain, span).fetchone()
        for schema in ("facts", "masked"):
            function = f"SELECT count(*) FROM {schema}.calls_between(%s, %s)"
            assert connection.execute(function.encode(), span).fetchone() == expected


IDIOMS = {
    "call_date = DATE '{day}'": 1,
    "call_date = '{day}'": 1,
    "call_date IN ('{day}', '{next}')": 2,
    "call_date BETWEEN '{day}' AND '{next}'": 2,
    "call_date >= '{day}' AND call_date < DATE '{day}' + INTERVAL '2 days'": 2,
    "call_date >= '{day} 00:00+00'::timestamptz AND call_date <= '{next} 00:00+00'::timestamptz": 2,
    "call_date::date BETWEEN '{day}' AND '{next}'": 2,
    "CAST(call_date AS date) = '{day}'": 1,
    "call_date >= current_date - (current_date - DATE '{day}') AND call_date <= '{next}'": 2,
    "call_date >= date_trunc('day', TIMESTAMP '{day} 13:00') AND call_date < TIMESTAMP '{next}'": 1,
    "date_trunc('month', call_date) = '{day}'": DAYS,
    "to_char(call_date, 'YYYY-MM-DD') = '{day}'": DAYS,
    "call_date::text = '{day}'": DAYS,
    "date_part('year', call_date) = 2026": DAYS,
}
"""How people and tools ask for days, and how many partitions of facts.calls they read."""


def test_how_many_days_the_usual_filters_read(url: str) -> None:
    said = {"day": DAY, "next": DAY + timedelta(days=1)}
    read = {}
    with psycopg.connect(url) as connection:
        for idiom in IDIOMS:
            for table in ("facts.calls", "masked.calls"):
                query = f"EXPLAIN (FORMAT JSON) SELECT talk_s FROM {table} WHERE {idiom}"
                [shown] = connection.execute(query.format(**said).encode()).fetchone() or ("",)
                read[idiom, table] = len(planned(shown))
    assert read == {(idiom, table): count for idiom, count in IDIOMS.items()
                    for table in ("facts.calls", "masked.calls")}  # fmt: skip
