"""The marts as assets: tables refreshed by business day, and views, which are always up to date."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import dagster as dg

from assets import code_links, lineage
from assets.ended_runs import require_run
from assets.keys import MARTS, facts_key, mart_key
from assets.metadata import table
from assets.partitions import partition_days
from assets.refresh import Refreshed, days_with_reads, refresh_days, stale_days, tables, totals
from assets.resource import KIND_TAG, CallhouseResource
from assets.specs import OWNERS, table_metadata
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.vendor import Vendor
from sql.mart import Mart, broken, marts

TRUST = ("completeness_by_day", "trust_by_day")
MOST_DAYS = 100
"""Days and accounts that are shown; the others are in the mart."""
REFRESH = "refresh"
"""`callhouse/kind` of a run that takes the days that are stale, whatever its partitions."""


def mart_assets(
    vendors: Iterable[Vendor], days: dg.PartitionsDefinition[str]
) -> dg.AssetsDefinition:
    """All marts that are tables, refreshed together by day, and reported where rows changed."""
    facts = _facts(vendors)

    @dg.multi_asset(
        name=MARTS,
        specs=[_table_spec(mart, facts) for mart in tables().values()],
        can_subset=True,
        partitions_def=days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=MARTS,
    )
    def refresh(context: dg.AssetExecutionContext, callhouse: CallhouseResource) -> Iterator[Any]:
        is_asked_for = context.run.tags.get(KIND_TAG) != REFRESH
        wrong = dict(broken())
        with callhouse.warehouse() as warehouse:
            wanted = (
                days_with_reads(warehouse, partition_days(context.partition_keys))
                if is_asked_for
                else stale_days(warehouse)
            )
            for day, done in refresh_days(warehouse, wanted, always=is_asked_for):
                for mart in done:
                    if mart.error:
                        wrong.setdefault(mart.mart, f"marts.{mart.mart}, {day}: {mart.error}")
                _report(context, warehouse, day, done, is_asked_for)
                require_run(context.instance, context.run.run_id)
            if not wrong.keys() & set(TRUST):
                report_trust(context, warehouse)
        if wrong:
            raise dg.Failure(
                "These marts are behind, the others aren't; mend their files in sql/marts, and the "
                "next refresh catches up: " + "; ".join(wrong.values())
            )
        yield from ()

    return refresh


def _report(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    day: date,
    done: Sequence[Refreshed],
    is_asked_for: bool,
) -> None:
    """A materialisation of every mart that has other rows now; where it was asked for, of all."""
    for mart in done:
        key = mart_key(mart.mart)
        if mart.error or key not in context.selected_asset_keys:
            continue
        if mart.written or is_asked_for:
            context.log_event(
                dg.AssetMaterialization(
                    key,
                    partition=day.isoformat(),
                    metadata={
                        **totals(warehouse, tables()[mart.mart], day),
                        "dagster/partition_row_count": mart.rows,
                        "written": mart.written,
                    },
                )
            )


def report_trust(context: dg.AssetExecutionContext, warehouse: Warehouse) -> None:
    """An observation of the marts that say which days to trust: those that aren't, and why.
    Reported when that has changed.
    """
    rows = warehouse.rows("plan/untrusted_days", most=MOST_DAYS)
    days = [(f"{row.call_date}", row.account, row.vendor, row.trust, row.why) for row in rows]
    metadata = {
        "days not trusted": rows[0].days if rows else 0,
        "not trusted": table(("day", "account", "vendor", "trust", "why"), days),
    }
    for name in TRUST:
        observation = dg.AssetObservation(mart_key(name), metadata=metadata)
        latest = context.instance.fetch_observations(mart_key(name), limit=1).records
        known = latest[0].event_log_entry.asset_observation if latest else None
        if known is None or known.metadata != observation.metadata:
            context.log_event(observation)


def view_specs(vendors: Iterable[Vendor]) -> list[dg.AssetSpec]:
    """The marts that are views. Dagster calls such an asset virtual: it is never materialised and
    as fresh as what it reads (a preview of theirs, whose warning says nothing to our users).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        facts = _facts(vendors)
        return [
            dg.AssetSpec(
                mart_key(name),
                deps=sorted(lineage.upstream(mart, facts)),
                description=mart.meaning,
                metadata=_metadata(mart, facts),
                group_name=MARTS,
                owners=OWNERS,
                kinds={"postgres", "view"},
                is_virtual=True,
            )
            for name, mart in marts().items()
            if mart.is_view
        ]


def _facts(vendors: Iterable[Vendor]) -> lineage.Facts:
    """The assets of facts, by the tables that they have rows in."""
    found: dict[str, list[dg.AssetKey]] = {}
    for vendor in vendors:
        for stream in vendor.streams:
            for target in stream.targets:
                found.setdefault(target.table.name, []).append(facts_key(vendor, stream))
    return found


def _table_spec(mart: Mart, facts: lineage.Facts) -> dg.AssetSpec:
    return dg.AssetSpec(
        mart_key(mart.name),
        deps=sorted(lineage.upstream(mart, facts)),
        description=mart.meaning,
        metadata=_metadata(mart, facts),
        group_name=MARTS,
        owners=OWNERS,
        kinds={"postgres", "sql"},
        skippable=True,
    )


def _metadata(mart: Mart, facts: lineage.Facts) -> dict[str, Any]:
    return {
        **table_metadata(mart.qualified),
        "dagster/column_lineage": lineage.of_columns(mart, facts),
        **code_links.files({"statement": mart.file("sql"), "description": mart.file("toml")}),
    }
