"""A vendor's assets: raw landing and facts of every stream, in one op that works on all accounts.

One op, as accounts are inside an asset and streams share the vendor's limits. What it did is told
day by day (`report`): an asset's partition is good only when no account failed on it.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import dagster as dg

import sql.catalog
from assets import checks, lineage
from assets.context import KIND_TAG, POLL, Callhouse
from assets.load import Loader
from assets.partitions import partition_days
from assets.report import day_report, run_report
from assets.result import Result, Watch
from resources.account import Account
from resources.vendor import AnyStream, DetailStream, Vendor
from resources.warehouse import Warehouse

OWNERS = ["team:data"]
DAYS_PER_RUN = 31
"""A backfill's run: as many days as one request of the widest report may cover."""
TABLE = {"audio": "recordings"}


def raw_key(vendor: Vendor, stream: AnyStream) -> dg.AssetKey:
    """The asset of a stream's raw landing."""
    return dg.AssetKey([vendor.name, f"{stream.name}_raw"])


def facts_key(vendor: Vendor, stream: AnyStream) -> dg.AssetKey:
    """The asset of a stream's facts."""
    return dg.AssetKey([vendor.name, stream.name])


def vendor_assets(
    vendor: Vendor, days: dg.PartitionsDefinition[str], watch: Watch | None = None
) -> dg.AssetsDefinition:
    """Raw and facts of all of the vendor's streams.

    Selected together, a partition is read from the vendor; facts alone are rebuilt from raw.
    """
    specs = [spec for stream in vendor.streams for spec in _specs(vendor, stream)]

    @dg.multi_asset(
        name=vendor.name,
        specs=specs,
        check_specs=[
            spec
            for stream in vendor.streams
            for spec in checks.check_specs(stream, facts_key(vendor, stream))
        ],
        can_subset=True,
        partitions_def=days,
        backfill_policy=dg.BackfillPolicy.multi_run(DAYS_PER_RUN),
        pool=vendor.name,
    )
    def load(context: dg.AssetExecutionContext, callhouse: Callhouse) -> Iterator[Any]:
        selected = context.selected_asset_keys
        read = [s for s in vendor.streams if raw_key(vendor, s) in selected]
        rebuild = [s for s in vendor.streams if facts_key(vendor, s) in selected and s not in read]
        wanted = partition_days(context.partition_keys)
        accounts = callhouse.accounts(vendor.name, context.run.tags)
        is_poll = context.run.tags.get(KIND_TAG) == POLL
        with callhouse.warehouse() as warehouse:
            loader = Loader(warehouse, vendor, context.run_id, watch, say=context.log.info)
            try:
                results: list[Result] = []
                if read and is_poll:
                    results += loader.poll(accounts, read)
                elif read:
                    results += loader.backfill(accounts, read, wanted)
                if rebuild:
                    results += loader.rebuild(accounts, rebuild, wanted)
            finally:
                loader.close()
            for stream in vendor.streams:
                mine = [result for result in results if result.stream == stream.name]
                yield from _events(
                    context, warehouse, vendor, stream, accounts, mine, wanted, is_poll
                )
                everybody = callhouse.accounts(vendor.name, {})
                checks.tell(context, warehouse, vendor, stream, facts_key(vendor, stream),
                            everybody, mine)  # fmt: skip
        if not is_poll:
            _tell_trouble(context, results)

    return load


def _tell_trouble(context: dg.AssetExecutionContext, results: Sequence[Result]) -> None:
    """What a backfill didn't read: a limit says when it may, or it fails."""
    trouble = [told for result in results for told in result.trouble.values()]
    for reason in sorted({reason for kind, reason in trouble if kind == "deferred"}):
        context.log.warning(reason)
    failed = [result for result in results if result.state in ("failed", "stopped")]
    if failed:
        raise dg.Failure("\n".join(sorted({str(result.error) for result in failed})))


def _events(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    vendor: Vendor,
    stream: AnyStream,
    accounts: Sequence[Account],
    results: Sequence[Result],
    wanted: Sequence[date],
    is_poll: bool,
) -> Iterator[Any]:
    """A materialisation for each day on which something was read and no account failed; or, in a
    backfill, was put off.
    """
    if not results:
        return
    common = run_report(warehouse, context.run_id, results, accounts)
    spoiled = {day for r in results for day in (r.failed_days if is_poll else r.trouble)}
    good = {day for result in results for day in result.days}
    if is_poll:
        good = {day for result in results for day in result.tally.days | result.tally.turned}
    elif not any(result.error for result in results):
        good |= set(wanted)
    for day in sorted(good - spoiled):
        metadata = common | day_report(warehouse, vendor, stream, day)
        for key in (raw_key(vendor, stream), facts_key(vendor, stream)):
            if key in context.selected_asset_keys:
                context.log_event(
                    dg.AssetMaterialization(key, partition=day.isoformat(), metadata=metadata)
                )
    yield from ()


def _specs(vendor: Vendor, stream: AnyStream) -> list[dg.AssetSpec]:
    table = f"facts.{TABLE.get(stream.table, stream.table)}"
    common: dict[str, Any] = {
        "group_name": vendor.name,
        "owners": OWNERS,
        "skippable": True,
    }
    upstream = (
        [facts_key(vendor, vendor.stream(stream.of))] if isinstance(stream, DetailStream) else []
    )
    raw = dg.AssetSpec(
        raw_key(vendor, stream),
        deps=upstream,
        description=(
            f"{stream.title}, as {vendor.title} sent them: every version, secrets redacted. "
            f"Vendor's document: “{stream.document}”."
        ),
        kinds={"postgres", "http"},
        metadata=table_metadata("raw.records"),
        **common,
    )
    facts = dg.AssetSpec(
        facts_key(vendor, stream),
        deps=[raw.key],
        description=(
            f"{stream.title}, normalised into {table}. Materialise it without its raw asset to "
            "rebuild it from raw.records, without asking the vendor."
        ),
        kinds={"postgres", "pandas"},
        metadata={
            **table_metadata(table),
            "dagster/column_lineage": lineage.from_raw(table, raw.key),
        },
        **common,
    )
    return [raw, facts]


def table_metadata(table: str) -> dict[str, Any]:
    """A table's or view's name and columns, as Dagster shows them."""
    columns = [
        dg.TableColumn(
            column.name,
            column.type,
            column.comment or None,
            dg.TableColumnConstraints(nullable=not column.required),
        )
        for column in (sql.catalog.tables() | sql.catalog.views())[table]
    ]
    return {
        "dagster/table_name": table,
        "dagster/column_schema": dg.TableSchema(columns=columns),
    }
