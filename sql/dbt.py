"""`python -m sql.dbt`: writes docs/analysts/sources.yml, the tables as sources of a dbt project."""

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import sql
import sql.catalog
import sql.mart
from sql.catalog import Column
from sql.vocabulary import Direction, Disposition, EndedBy, Grain, Outcome

FILE = sql.FOLDER.parent / "docs" / "analysts" / "sources.yml"
HEAD = """\
# Written by `python -m sql.dbt` from the descriptions in sql/, for a dbt project's models/.
# A source is a schema: callhouse_analyst reads `marts` and `masked`, and callhouse_analyst_pii
# `marts` and `facts`. What is personal data has `meta: {personal: true}`.
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
TRUST = ("trusted", "provisional", "not_read", "wrong")
FRESHNESS = """\
        loaded_at_field: last_polled_at
        config:
          freshness:
            warn_after: {count: 6, period: hour}
            error_after: {count: 24, period: hour}
            filter: is_today"""
"""Of `marts.trust_by_day`: when a vendor was last asked about a day that goes on."""


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


def _table(name: str, columns: tuple[Column, ...], schema: str) -> Iterator[str]:
    table = name.partition(".")[2]
    yield f"      - name: {table}"
    yield f"        description: {json.dumps(sql.catalog.meaning(name), ensure_ascii=False)}"
    if name == "marts.trust_by_day":
        yield FRESHNESS
    yield "        columns:"
    for column in columns:
        yield f"          - name: {column.name}"
        yield f"            data_type: {column.type}"
        if column.comment:
            yield f"            description: {json.dumps(column.comment, ensure_ascii=False)}"
        if column.personal and schema == "facts":
            yield "            config: {meta: {personal: true}}"
        yield from _tests(name, column, schema)


def _tests(name: str, column: Column, schema: str) -> Iterator[str]:
    is_shown = not (schema == "masked" and column.personal)
    tests = ["not_null"] if column.required and is_shown else []
    words: tuple[str, ...] = tuple(WORDS[column.name]) if column.name in WORDS else ()
    if (name, column.name) == ("marts.trust_by_day", "trust"):
        words = TRUST
    if words:
        values = json.dumps([str(word) for word in words])
        tests.append(f"accepted_values: {{arguments: {{values: {values}}}}}")
    if tests:
        yield "            data_tests:"
        for test in tests:
            yield f"              - {test}"


def main(target: Path = FILE) -> None:
    """Writes the file."""
    target.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
