"""A new column of facts: an entry in the description, its value in a mapping, and a migration.

Everything else follows. Each table is given two columns, one of them personal; their values come
new, change twice, and are built again from raw.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import sql.catalog
import sql.describe
from assets.loading.account_stream import AccountStream
from assets.loading.context import LoadContext
from assets.loading.landing.land import Landing
from assets.loading.landing.observation import Observation
from assets.loading.rebuild import Rebuilder
from assets.loading.result import Loaded
from assets.specs import table_metadata
from resources.account import Account
from resources.postgres.objects import lay_objects
from resources.postgres.roles import ANALYST, ANALYST_PII, grant_roles
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.vendor import AnyStream, DetailStream, Facts, Record, Stream
from resources.vendors import discover
from sql import facts
from sql.table import Column, Enrichment, Target, enrichments
from tests.contract.harness import DAY, Harness, Subject
from tests.contract.recordings import FIXTURES

NAMES = [
    name
    for table in facts.TABLES.values()
    for name in (table.name, *(enrichment.name for enrichment in enrichments(table)))
]
NOW = datetime(2026, 3, 11, tzinfo=UTC)
VALUES = (("calm", 10), ("cross", 20), ("glad", 7))
"""Of a personal and another column: as they are first, and changed twice."""


@dataclass
class Setup:
    """A warehouse whose schema has the new columns, and who loads them."""

    warehouse: Warehouse
    account: Account
    stream: AnyStream
    target: Target
    day: date = DAY
    """Of records that say none."""

    @property
    def table(self) -> str:
        return f"facts.{self.target.table.name}"

    def rows(self, table: str | None = None, columns: str = "mood, score") -> set[tuple[Any, ...]]:
        with self.warehouse.transaction() as connection:
            query = f"SELECT {columns} FROM {table or self.table}"
            return {tuple(row) for row in connection.execute(sa.text(query))}

    def run(self, text: str) -> None:
        with self.warehouse.transaction() as connection:
            connection.exec_driver_sql(text)


def subject_of(name: str) -> Subject:
    """The first stream whose records become rows of the target."""
    return next(
        Subject(vendor, stream, FIXTURES / vendor.name)
        for vendor in discover().values()
        for stream in vendor.streams
        if name in (stream.table, *stream.also)
    )


def with_columns(name: str, normalise: Callable[..., Facts]) -> Callable[..., Facts]:
    """The mapping, which now also reads the fields `mood` and `score`."""

    def mapping(records: Sequence[Record], account: Account) -> Facts:
        known = [{k: v for k, v in r.items() if k not in ("mood", "score")} for r in records]
        found = normalise(known, account)
        for field in ("mood", "score"):
            frame = found.tables[name]
            found.tables[name] = frame.assign(**{field: [records[i][field] for i in frame.index]})
        return found

    return mapping


def describe_and_migrate(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    target = facts.target(name)
    table = target.table
    own = name if isinstance(target, Enrichment) else None
    new = (
        Column("mood", "text", "How the caller felt", personal=True, enrichment=own),
        Column("score", "integer", "What the caller gave", personal=False, enrichment=own),
    )
    monkeypatch.setitem(facts.TABLES, table.name, replace(table, columns=(*table.columns, *new)))
    with warehouse.transaction() as connection:
        for column in new:
            connection.exec_driver_sql(
                f"ALTER TABLE facts.{table.name} ADD COLUMN {column.name} {column.type}"
            )
        lay_objects(connection)
        grant_roles(connection)


def observations(setup: Setup, records: list[Record], place: int) -> list[Observation]:
    """The records with the values of that place, each read a second after the last."""
    mood, score = VALUES[place]
    seen, stream = [], setup.stream
    for number, record in enumerate(records):
        key: str | None = f"record-{number}"
        if isinstance(stream, Stream):
            key = stream.key(record)
            key = f"{DAY}/{key}" if stream.replaces else key
        read = record | {"mood": mood, "score": score}
        seen.append(Observation(read, 1, NOW + timedelta(seconds=place), key=key, day=setup.day))
    return seen


def land(setup: Setup, seen: list[Observation]) -> None:
    landing = Landing(
        AccountStream(setup.account, setup.stream), [DAY], setup.warehouse.require_days
    )
    setup.warehouse.in_transaction(lambda connection: landing.land(connection, seen))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_merged_rebuilt_masked_and_documented(
    name: str, harness: Harness, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = subject_of(name)
    _, records = harness.sample(subject)
    describe_and_migrate(warehouse, monkeypatch, name)
    normalise = with_columns(name, subject.stream.normalise)
    setup = Setup(
        warehouse,
        harness.account(subject.vendor),
        replace(subject.stream, normalise=normalise),
        facts.target(name),
    )
    parents = land_parents(setup, harness, subject)

    for place, values in enumerate(VALUES):
        land(setup, observations(setup, records, place))
        assert setup.rows() - {(None, None)} == {values}
    stored = setup.rows(columns="tableoid, CAST(ctid AS text), mood")
    land(setup, observations(setup, records, 2))
    assert setup.rows(columns="tableoid, CAST(ctid AS text), mood") == stored, (
        "what hasn't changed is left alone"
    )

    setup.run(f"DELETE FROM {setup.table}")
    rebuild(setup, parents)
    assert setup.rows() - {(None, None)} == {VALUES[-1]}

    masked = f"masked.{setup.target.table.name}"
    assert setup.rows(masked) - {(None, None)} == {(None, VALUES[-1][1])}
    for role, column, allowed in (
        (ANALYST, "mood", False), (ANALYST, "score", True), (ANALYST_PII, "mood", True),
    ):  # fmt: skip
        asked = f"has_column_privilege('{role}', '{setup.table}', '{column}', 'SELECT')"
        assert setup.rows("(SELECT) one", asked) == {(allowed,)}

    page = sql.describe.page()
    assert r"`mood`\* | text | How the caller felt. Personal data: hidden from" in page
    assert "`score` | integer | What the caller gave |" in page
    shown = table_metadata(setup.table)["dagster/column_schema"].columns
    assert [column.name for column in shown[-2:]] == ["mood", "score"]
    told = f"col_description('{masked}'::regclass, {len(shown)})"
    assert setup.rows("(SELECT) one", told) == {("What the caller gave",)}


def land_parents(setup: Setup, harness: Harness, subject: Subject) -> Stream | None:
    """What an enrichment enriches; None for a table, whose rows need no others."""
    if not isinstance(setup.target, Enrichment):
        return None
    assert isinstance(setup.stream, DetailStream)
    parents = subject.vendor.stream(setup.stream.of)
    assert isinstance(parents, Stream)
    _, records = harness.sample(Subject(subject.vendor, parents, subject.folder))
    landing = Landing(AccountStream(setup.account, parents), [DAY], setup.warehouse.require_days)
    seen = [Observation(r, 1, NOW, key=f"record-{n}", day=DAY) for n, r in enumerate(records)]
    setup.warehouse.in_transaction(lambda connection: landing.land(connection, seen))
    [(setup.day,)] = setup.rows("raw.heads", "call_date")
    return parents


def rebuild(setup: Setup, parents: Stream | None) -> None:
    """From raw alone. An enriched row comes with its record, and so does what enriched it."""
    source: AccountStream[AnyStream] = AccountStream(setup.account, setup.stream)
    if parents and isinstance(setup.stream, DetailStream):
        source = AccountStream(setup.account, parents, (setup.stream,))
    rebuilder = Rebuilder(LoadContext(setup.warehouse, lambda: NOW), source)
    days = setup.rows("raw.heads", "call_date")
    for (day,) in days:
        rebuilder.rebuild(day, Loaded())
