"""`python -m sql.dbt`: writes docs/analysts/sources.yml, the tables as sources of a dbt project."""

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import sql
import sql.catalog
import sql.mart
from sql import facts
from sql.catalog import CatalogColumn
from sql.vocabulary import Direction, Disposition, EndedBy, Grain, Outcome, Trusted

FILE = sql.FOLDER.parent / "docs" / "analysts" / "sources.yml"
HEAD = """\
# Written by `python -m sql.dbt` from the descriptions in sql/, for a dbt project's models/.
# A source is a schema: callhouse_analyst reads `marts` and `masked`, and callhouse_analyst_pii
# `marts` and `facts`. What is personal data has `meta: {personal: true}`.
# For dbt 1.10 and newer, with `flags: {require_generic_test_arguments_property: true}` in
# dbt_project.yml. Its variable callhouse_test_days says how many business days tests look back: 7.
version: 2

sources:"""
MEANING = {
    "marts": "What analysts ask most, ready to read",
    "masked": "Call facts by business day, with personal data shortened or hidden",
    "facts": "Call facts by business day, personal data included",
}
WORDS: dict[str, type[StrEnum]] = {
    "grain": Grain,
    "direction": Direction,
    "disposition": Disposition,
    "ended_by": EndedBy,
    "outcome": Outcome,
}
TRUST: tuple[str, ...] = tuple(Trusted)
NEWEST = "call_date >= current_date - {{ var('callhouse_test_days', 7) }}"
SETTLED = f"{NEWEST} AND call_date < current_date - 1"
"""Days that are over everywhere, and should have been read."""
FRESHNESS = """\
        config:
          loaded_at_query: |
            SELECT min(read_at)
              FROM (
                SELECT coalesce(
                         max(last_polled_at) FILTER (WHERE trust IN ('trusted', 'provisional')),
                         min(call_date)::timestamptz) AS read_at
                  FROM marts.trust_by_day GROUP BY account) AS by_account
          freshness:
            warn_after: {count: 6, period: hour}
            error_after: {count: 24, period: hour}"""
"""Of `marts.trust_by_day`: when days that may be trusted were read last, of the account that is
furthest behind: of all together, one that is read would hide one that isn't."""


def text() -> str:
    """The file's text. (A JSON string is one of YAML, too.)"""
    return "\n".join([HEAD, *_sources()]) + "\n"


def _sources() -> Iterator[str]:
    everything = sql.catalog.tables() | sql.catalog.views()
    for schema, meaning in MEANING.items():
        origin = "facts" if schema == "masked" else schema
        yield f"  - name: callhouse_{schema}"
        yield f"    schema: {schema}"
        yield f"    description: {json.dumps(meaning)}"
        yield "    tables:"
        for name, columns in everything.items():
            if name.startswith(f"{origin}.") and not (schema == "masked" and _is_mart(name)):
                yield from _table(name, columns, schema)


def _is_mart(name: str) -> bool:
    """Whether it is made like a mart, though it is in `facts`: `masked` has none of these."""
    return name in sql.catalog.views() or name.partition(".")[2] in sql.mart.marts()


def _table(name: str, columns: tuple[CatalogColumn, ...], schema: str) -> Iterator[str]:
    table = name.partition(".")[2]
    yield f"      - name: {table}"
    yield f"        description: {json.dumps(sql.catalog.meaning(name), ensure_ascii=False)}"
    if name == "marts.trust_by_day":
        yield FRESHNESS
    days = NEWEST if any(column.name == "call_date" for column in columns) else None
    if key := _key(name):
        # A key with a NULL in it is one, too. `unique` is dbt's own: no package is needed.
        row = json.dumps({"column_name": f"ROW({', '.join(key)})::text"})
        yield "        data_tests:"
        yield f"          - unique: {{name: {schema}_{table}_key, arguments: {row}{_where(days)}}}"
    yield "        columns:"
    for column in columns:
        yield f"          - name: {column.name}"
        yield f"            data_type: {column.type}"
        if column.comment:
            yield f"            description: {json.dumps(column.comment, ensure_ascii=False)}"
        if column.personal and schema == "facts":
            yield "            config: {meta: {personal: true}}"
        yield from _tests(name, column, schema, days)


def _tests(name: str, column: CatalogColumn, schema: str, days: str | None) -> Iterator[str]:
    is_shown = not (schema == "masked" and column.personal)
    where = _where(days)
    tests = []
    if column.required and is_shown:
        tests.append(f"not_null: {{{where.removeprefix(', ')}}}" if where else "not_null")
    words: tuple[str, ...] = tuple(WORDS[column.name]) if column.name in WORDS else ()
    if (name, column.name) == ("marts.trust_by_day", "trust"):
        words = TRUST
    if words:
        values = json.dumps([str(word) for word in words])
        tests.append(f"accepted_values: {{arguments: {{values: {values}}}{where}}}")
    if words is TRUST:
        good = json.dumps([Trusted.TRUSTED, Trusted.PROVISIONAL])
        settled = f"name: settled_days_are_good, arguments: {{values: {good}}}"
        tests.append(f"accepted_values: {{{settled}{_where(SETTLED, 'severity: warn, ')}}}")
    if tests:
        yield "            data_tests:"
        for test in tests:
            yield f"              - {test}"


def _key(name: str) -> tuple[str, ...]:
    schema, _, table = name.partition(".")
    if schema == "facts" and table in facts.TABLES:
        return facts.TABLES[table].key
    return sql.mart.marts()[table].key


def _where(days: str | None, more: str = "") -> str:
    """What ends a test's arguments, if it is of some days only."""
    return f", config: {{{more}where: {json.dumps(days)}}}" if days else ""


def main(target: Path = FILE) -> None:
    """Writes the file."""
    target.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
