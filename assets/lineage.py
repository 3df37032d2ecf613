"""Which column comes from which: raw to facts to marts, as Dagster shows it and as docs tell it."""

from collections.abc import Iterable, Mapping

import dagster as dg

from assets.keys import mart_key
from sql.mart import Mart
from sql.table import STREAM_KEY, Column, Source, Target

Facts = Mapping[str, Iterable[dg.AssetKey]]
"""The assets of facts, by the table that they have rows in."""
ACCOUNTS = ("ops", "accounts")


def from_raw(target: Target, raw: dg.AssetKey) -> dg.TableColumnLineage:
    """Columns of facts come out of their raw records: the mapping's out of the payload."""
    deps = {
        column.name: [dg.TableColumnDep(raw, source)]
        for column in target.copied
        if (source := _source(column, target))
    }
    return dg.TableColumnLineage(deps)


def _source(column: Column, target: Target) -> str | None:
    """The column of `raw.records`; None for what the loader says by itself."""
    if column.name in STREAM_KEY:
        return column.name
    if column.source in (Source.MAPPING, Source.DERIVED):
        return "payload"
    return "record_key" if column.name in target.record_key else None


def upstream(mart: Mart, facts: Facts) -> set[dg.AssetKey]:
    """The assets that a mart is built from, as its description names their tables. What is in
    `raw` and `ops` is written by every load; but who takes the accounts' settings besides waits for
    no load for that.
    """
    every = {key for keys in facts.values() for key in keys}
    found: set[dg.AssetKey] = set()
    for schema, table in mart.tables - {ACCOUNTS} or mart.tables:
        found |= every if schema in ("raw", "ops") else set(_assets(schema, table, facts))
    return found


def of_columns(mart: Mart, facts: Facts) -> dg.TableColumnLineage:
    """A mart's columns, as its description says where they come from. What `raw`
    and `ops` have isn't of one asset.
    """
    return dg.TableColumnLineage(
        {
            column.name: [
                dg.TableColumnDep(asset, source.column)
                for source in column.sources
                if source.schema not in ("raw", "ops")
                for asset in _assets(source.schema, source.table, facts)
            ]
            for column in mart.columns
        }
    )


def _assets(schema: str, table: str, facts: Facts) -> Iterable[dg.AssetKey]:
    return [mart_key(table)] if schema == "marts" else facts.get(table, ())
