"""Everything in docs/analysts that can be run, run: what it prints is what the pages say.

`CALLHOUSE_WRITE_DOCS=1 pytest tests/analysts` puts new output and plots into the pages.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

import sql.dbt
import sql.describe
from resources.configuration.home import CHECKOUT
from tests.analysts import plots, world
from tests.analysts.questions import FOLDER, aligned, questions, write

WRITES = "CALLHOUSE_WRITE_DOCS" in os.environ


@pytest.fixture(scope="module")
def demo(
    postgres_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[psycopg.Connection]:
    """A connection to a warehouse with the demo's two days."""
    from tests.conftest import fresh_database

    with fresh_database(postgres_url, template=template_database) as url:
        world.load(url, tmp_path_factory.mktemp("world"))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET ROLE callhouse_analyst_pii")
            yield connection


def dated(query: str) -> str:
    """As it is asked on the day of which the pages show the answers."""
    return query.replace("current_date", f"DATE '{world.TODAY}'")


def printed(connection: psycopg.Connection, query: str) -> str:
    cursor = connection.execute(dated(query).encode())
    return aligned([column.name for column in cursor.description or ()], cursor.fetchall())


def test_every_question_prints_what_the_page_says(demo: psycopg.Connection) -> None:
    asked = questions()
    assert len(asked) >= 12
    assert all("current_date" in q.query or "month" in q.title for q in asked)
    assert all("trust_by_day" in q.query or "completeness" in q.query for q in asked)
    outputs = {question.title: printed(demo, question.query) for question in asked}
    if WRITES:
        write(outputs)
    assert {question.title: question.output for question in questions()} == outputs


def test_the_readmes_first_query_prints_what_it_says(demo: psycopg.Connection) -> None:
    page = CHECKOUT / "README.md"
    text = page.read_text(encoding="utf-8")
    found = re.search(r"```sql\n(.*?)```.*?```text\n(.*?)```", text, re.DOTALL)
    assert found
    output = printed(demo, found[1])
    if WRITES:
        page.write_text(text[: found.start(2)] + output + text[found.end(2) :], encoding="utf-8")
        return
    assert found[2] == output


def test_an_analyst_without_personal_data_can_ask_all_of_them(
    demo: psycopg.Connection,
) -> None:
    demo.execute("SET ROLE callhouse_analyst")
    refused = []
    for question in questions():
        try:
            demo.execute(dated(question.query).encode())
        except psycopg.errors.InsufficientPrivilege:
            refused.append(question.title)
    demo.execute("SET ROLE callhouse_analyst_pii")
    assert refused == []


def test_open_calls_are_the_open_records(demo: psycopg.Connection) -> None:
    """One definition, in every mart, in the facts and in what is said of completeness."""
    figures = {
        "marts.calls_by_day": "sum(open_calls)",
        "marts.calls_by_hour": "sum(open_calls)",
        "facts.calls": "count(*) FILTER (WHERE outcome = 'open')",
        "marts.completeness_by_day": "sum(open_records)",
    }
    counted = [
        demo.execute(
            f"SELECT call_date, account, {figure}::int FROM {table} GROUP BY 1, 2".encode()
        ).fetchall()
        for table, figure in figures.items()
    ]
    assert all(sorted(rows) == sorted(counted[0]) for rows in counted)
    assert any(calls for _, _, calls in counted[0])


def test_the_demos_numbers_are_valid_and_some_customers_are_everybodys(
    demo: psycopg.Connection,
) -> None:
    invalid = demo.execute(
        "SELECT account, from_number, to_number FROM facts.calls"
        " WHERE from_number ~ '[0-9]{9}' AND from_e164 IS NULL"
        "    OR to_number ~ '[0-9]{9}' AND to_e164 IS NULL"
    ).fetchall()
    assert invalid == []
    everybodys = demo.execute(
        "SELECT caller_key FROM facts.calls WHERE caller_key IS NOT NULL"
        " GROUP BY 1 HAVING count(DISTINCT vendor) = 5"
    ).fetchall()
    assert everybodys


def test_the_plots_show_the_demo(demo: psycopg.Connection) -> None:
    drawn = {name: draw(demo) for name, draw in plots.PLOTS.items()}
    for name, picture in drawn.items():
        if WRITES:
            (FOLDER / "plots" / name).write_text(picture, encoding="utf-8")
        assert (FOLDER / "plots" / name).read_text(encoding="utf-8") == picture, name
    page = (FOLDER / "plots.md").read_text(encoding="utf-8")
    assert all(f"plots/{name}" in page for name in drawn)


def test_the_sources_of_dbt_are_what_the_descriptions_say(demo: psycopg.Connection) -> None:
    """Tables and columns are there, and the tests that they are given hold on the demo."""
    assert sql.dbt.FILE.read_text(encoding="utf-8") == sql.dbt.text(), "run: python -m sql.dbt"
    broken = []
    for source in yaml.safe_load(sql.dbt.text())["sources"]:
        demo.execute(f"SET ROLE callhouse_analyst{'_pii' * (source['schema'] == 'facts')}")
        for table in source["tables"]:
            wrong = dict(_violations(table["columns"]))
            counted = ", ".join(f"count(*) FILTER (WHERE {w})" for w in wrong.values())
            names = ", ".join(column["name"] for column in table["columns"])
            of = f"{source['schema']}.{table['name']}"
            row = demo.execute(
                f"SELECT {counted or 0} FROM (SELECT {names} FROM {of}) t"
            ).fetchone()
            broken += [
                f"{of}: {test}" for test, count in zip(wrong, row or (), strict=False) if count
            ]
    demo.execute("SET ROLE callhouse_analyst_pii")
    assert broken == []


def _violations(columns: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """The tests of a table's columns, each with what breaks it."""
    for column in columns:
        name = column["name"]
        for test in column.get("data_tests", ()):
            if "settled_days_are_good" in str(test):
                continue  # a warning, of what the demo hasn't read
            if test == "not_null" or "not_null" in test:
                yield f"{name} not_null", f"{name} IS NULL"
            else:
                values = test["accepted_values"]["arguments"]["values"]
                quoted = ", ".join(f"'{value}'" for value in values)
                yield f"{name} accepted_values", f"{name} NOT IN ({quoted})"


def test_the_page_of_tables_is_what_the_comments_say() -> None:
    page = Path(sql.describe.PAGE).read_text(encoding="utf-8")
    assert page == sql.describe.page(), "run: python -m sql.describe"
