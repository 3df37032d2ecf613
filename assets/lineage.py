"""Which column comes from which: raw to facts to marts, as Dagster shows it and as docs tell it."""

from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

import sql.catalog
from sql.table import STREAM_KEY, Column, Source, Target

CALLS: Mapping[str, Sequence[str]] = {
    "hour": ("started_at",),
    "hour_at": ("started_at",),
    "queue_name": ("queue_name", "queue_id"),
    "flow_name": ("flow_name", "flow_id"),
    "agent_name": ("agent_name", "agent_id"),
    "outcome": ("disposition", "direction", "is_final"),
    "calls": ("call_id",),
    "requests": ("call_id",),
    "sessions": ("call_id",),
    "open_calls": ("is_final",),
    "waits": ("wait_s",),
    "talks": ("talk_s",),
    "answered_in_20s": ("wait_s", "disposition"),
    "answer_rate": ("disposition", "direction", "is_final"),
    "abandonment_rate": ("disposition", "direction", "is_final"),
}
"""Columns of marts that facts.calls have under other names."""
OTHERS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "agent_usage": {
        "agent_name": ("agent_name",),
        "reported_calls": ("calls",),
        "reported_cost": ("cost",),
        "currency": ("currency",),
    },
    "call_events": {"path": ("task_name", "task_id", "position"), "steps": ("position",)},
    "recordings": {
        "recordings": ("recording_id",),
        "missing_recordings": ("missing_since",),
        "fetched": ("audio_uri",),
        "coverage": ("audio_uri",),
        "recorded_s": ("duration_s",),
        "size_bytes": ("size_bytes",),
    },
}
SOURCES: Mapping[str, Sequence[str]] = {
    "agents_by_day": ("calls", "agent_usage"),
    "ivr_paths_by_day": ("calls", "call_events"),
    "recordings_by_day": ("recordings",),
}
"""Facts that a mart is built from; all others: calls alone."""


def sources(mart: str) -> Sequence[str]:
    """The tables of facts that a mart is built from."""
    return SOURCES.get(mart, ("calls",))


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


def from_facts(mart: str, assets: Mapping[str, Iterable[dg.AssetKey]]) -> dg.TableColumnLineage:
    """A mart's columns come out of the columns of `assets`, given by their table of facts."""
    return dg.TableColumnLineage(
        {
            column.name: [
                dg.TableColumnDep(asset, source)
                for table in sources(mart)
                for source in mart_column(column.name, table)
                for asset in assets.get(table, ())
            ]
            for column in sql.catalog.tables()[f"marts.{mart}"]
        }
    )


def mart_column(name: str, table: str) -> Sequence[str]:
    """The columns of a table of facts that a mart's column comes from; none: from another table."""
    known = {column.name for column in sql.catalog.tables()[f"facts.{table}"]}
    if table in OTHERS:
        given = OTHERS[table].get(
            name, (name,) if name in ("call_date", "account", "vendor") else ()
        )
        return given if set(given) <= known else ()
    if name in CALLS:
        return CALLS[name]
    if name.startswith("missing_"):
        return ("missing_since",)
    if name.endswith(("_calls", "_requests")):
        return () if name.startswith("reported_") else CALLS["outcome"]
    bare = name.removeprefix("avg_").removeprefix("p50_").removeprefix("p90_")
    return (bare,) if bare in known else ()
