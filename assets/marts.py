"""The marts as assets: tables refreshed by business day, and views, which are always up to date."""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg

import sql.catalog
from assets import lineage
from assets.context import KIND_TAG, Callhouse
from assets.keys import facts_key
from assets.partitions import partition_days
from assets.refresh import refresh_days, stale_days
from assets.streams import OWNERS, table_metadata
from resources.vendor import Vendor

GROUP = "marts"
REFRESH = "refresh"
"""`callhouse/kind` of a run that takes the days that are stale, whatever its partitions."""
Deps = Mapping[str, list[dg.AssetKey]]


def mart_key(name: str) -> dg.AssetKey:
    """The asset of a mart."""
    return dg.AssetKey([GROUP, name])


def mart_names() -> list[str]:
    """The marts that are tables."""
    return [t.removeprefix("marts.") for t in sql.catalog.tables() if t.startswith("marts.")]


def mart_assets(
    vendors: Iterable[Vendor], days: dg.PartitionsDefinition[str]
) -> dg.AssetsDefinition:
    """All marts that are tables: a day's are refreshed together, and told where rows changed."""
    facts = _facts(vendors)

    @dg.multi_asset(
        name=GROUP,
        specs=[_table_spec(name, facts) for name in mart_names()],
        can_subset=True,
        partitions_def=days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=GROUP,
    )
    def refresh(context: dg.AssetExecutionContext, callhouse: Callhouse) -> Iterator[Any]:
        is_asked_for = context.run.tags.get(KIND_TAG) != REFRESH
        with callhouse.warehouse() as warehouse:
            wanted = (
                sorted(partition_days(context.partition_keys), reverse=True)
                if is_asked_for
                else stale_days(warehouse)
            )
            for day, marts in refresh_days(warehouse, wanted, always=is_asked_for):
                for mart in marts:
                    key = mart_key(mart.mart)
                    if key in context.selected_asset_keys and (mart.written or is_asked_for):
                        context.log_event(
                            dg.AssetMaterialization(
                                key,
                                partition=day.isoformat(),
                                metadata={
                                    "dagster/partition_row_count": mart.rows,
                                    "written": mart.written,
                                },
                            )
                        )
        yield from ()

    return refresh


def view_specs(vendors: Iterable[Vendor]) -> list[dg.AssetSpec]:
    """The marts that are views. Dagster calls such an asset virtual: it is never materialised and
    as fresh as what it reads (a preview of theirs, whose warning says nothing to our users).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [
            dg.AssetSpec(
                mart_key(view.partition(".")[2]),
                deps=sorted({key for keys in _facts(vendors).values() for key in keys}),
                description=sql.catalog.meaning(view),
                metadata=table_metadata(view),
                group_name=GROUP,
                owners=OWNERS,
                kinds={"postgres", "view"},
                is_virtual=True,
            )
            for view in sql.catalog.views()
        ]


def _facts(vendors: Iterable[Vendor]) -> Deps:
    """The assets of facts, by the tables that they have rows in."""
    found: dict[str, list[dg.AssetKey]] = {}
    for vendor in vendors:
        for stream in vendor.streams:
            for target in stream.targets:
                found.setdefault(target.table.name, []).append(facts_key(vendor, stream))
    return found


def _table_spec(name: str, facts: Deps) -> dg.AssetSpec:
    deps = {key for table in lineage.sources(name) for key in facts.get(table, [])}
    return dg.AssetSpec(
        mart_key(name),
        deps=sorted(deps),
        description=sql.catalog.meaning(f"marts.{name}"),
        metadata={
            **table_metadata(f"marts.{name}"),
            "dagster/column_lineage": lineage.from_facts(name, facts),
        },
        group_name=GROUP,
        owners=OWNERS,
        kinds={"postgres", "sql"},
        skippable=True,
    )
