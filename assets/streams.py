"""A vendor's assets: raw landing and facts of every stream, in one op that works on all accounts.

One op, as accounts are inside an asset and streams share the vendor's limits. What it did is told
day by day (`report`): an asset's partition is good only when no account failed on it.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any

import dagster as dg

import sql.catalog
from assets import checks, code, lineage
from assets.context import KIND_TAG, POLL, Callhouse, Choice
from assets.loading.load import Loader
from assets.loading.result import Result, Watch
from assets.partitions import partition_days
from assets.tell import Teller
from resources.account import Account
from resources.errors import ClockError, ConfigurationError
from resources.vendor import AnyStream, DetailStream, Vendor

OWNERS = ["team:data"]
DAYS_PER_RUN = 31
"""A backfill's run: as many days as one request of the widest report may cover."""


def raw_key(vendor: Vendor, stream: AnyStream) -> dg.AssetKey:
    """The asset of a stream's raw landing."""
    return dg.AssetKey([vendor.name, f"{stream.name}_raw"])


def facts_key(vendor: Vendor, stream: AnyStream) -> dg.AssetKey:
    """The asset of a stream's facts."""
    return dg.AssetKey([vendor.name, stream.name])


def vendor_key(vendor: Vendor) -> dg.AssetKey:
    """The asset that stands for the vendor itself."""
    return dg.AssetKey(["vendors", vendor.name])


def vendor_spec(vendor: Vendor) -> dg.AssetSpec:
    """The vendor as what its raw landings come from: an external asset, which nobody runs."""
    return dg.AssetSpec(
        vendor_key(vendor),
        group_name=vendor.name,
        owners=OWNERS,
        kinds={"http"},
        tags={"callhouse/vendor": vendor.name},
        description=f"The API of {vendor.title}. Every request made to it is in ops.requests.",
    )


def vendor_assets(
    vendor: Vendor,
    days: dg.PartitionsDefinition[str],
    watch: Watch | None = None,
    names: Collection[str] | None = None,
) -> dg.AssetsDefinition:
    """Raw and facts of the vendor's streams: of those with these names, or of all.

    Selected together, a partition is read from the vendor; facts alone are rebuilt from raw.
    """
    streams = [stream for stream in vendor.streams if names is None or stream.name in names]
    specs = [
        spec.merge_attributes(
            metadata=code.references({"reading": stream.read, "mapping": stream.normalise})
        )
        for stream in streams
        for spec in _specs(vendor, stream)
    ]

    @dg.multi_asset(
        name=vendor.name,
        specs=specs,
        check_specs=[
            spec
            for stream in streams
            for spec in checks.check_specs(stream, facts_key(vendor, stream))
        ],
        can_subset=True,
        partitions_def=days,
        backfill_policy=dg.BackfillPolicy.multi_run(DAYS_PER_RUN),
        pool=vendor.name,
    )
    def load(
        context: dg.AssetExecutionContext, config: Choice, callhouse: Callhouse
    ) -> Iterator[Any]:
        accounts = _chosen(context, vendor, config, callhouse)
        read, rebuild = _asked(context, vendor, streams)
        wanted = partition_days(context.partition_keys)
        is_poll = context.run.tags.get(KIND_TAG) == POLL
        with callhouse.warehouse() as warehouse:
            keys = partial(_keys, context, vendor)
            teller = Teller(context, warehouse, vendor, streams, accounts, keys)

            def look(result: Result) -> None:
                teller.note(result)
                if watch:
                    watch(result)

            def work() -> list[Result]:
                if is_poll:
                    return loader.poll(accounts, read)
                results = loader.backfill(accounts, read, wanted) if read else []
                return results + (loader.rebuild(accounts, rebuild, wanted) if rebuild else [])

            loader = Loader(warehouse, vendor, context.run.run_id, look, say=context.log.info)
            try:
                results = teller.follow(loader, work, () if is_poll else wanted)
            except ClockError as error:
                raise dg.Failure(str(error), allow_retries=False) from None
            finally:
                loader.close()
            for stream in streams:
                mine = [result for result in results if result.stream == stream.name]
                if is_poll:
                    teller.tell_changes(stream)
                everybody = callhouse.accounts(vendor.name, {})
                checks.tell(context, warehouse, vendor, stream, facts_key(vendor, stream),
                            everybody, mine)  # fmt: skip
        yield from ()
        if not is_poll:
            _tell_trouble(context, results)

    return load


def _chosen(
    context: dg.AssetExecutionContext, vendor: Vendor, config: Choice, callhouse: Callhouse
) -> list[Account]:
    try:
        accounts = callhouse.accounts(vendor.name, context.run.tags, config.accounts)
    except ConfigurationError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    if not accounts:
        context.log.info("no account of %s is asked for: nothing to do", vendor.title)
    return accounts


def _keys(
    context: dg.AssetExecutionContext, vendor: Vendor, stream: AnyStream
) -> list[dg.AssetKey]:
    """The stream's assets that the run is about."""
    keys = (raw_key(vendor, stream), facts_key(vendor, stream))
    return [key for key in keys if key in context.selected_asset_keys]


def _asked(
    context: dg.AssetExecutionContext, vendor: Vendor, streams: Sequence[AnyStream]
) -> tuple[list[AnyStream], list[AnyStream]]:
    """Of the streams those to read from the vendor, and those to rebuild from raw."""
    selected = context.selected_asset_keys
    read = [stream for stream in streams if raw_key(vendor, stream) in selected]
    rebuild = [
        stream for stream in streams if facts_key(vendor, stream) in selected and stream not in read
    ]
    return read, rebuild


def _tell_trouble(context: dg.AssetExecutionContext, results: Sequence[Result]) -> None:
    """What a backfill didn't read: a limit says when it may, or it fails."""
    for result in results:
        put_off: dict[str, list[date]] = {}
        for day, (kind, reason) in result.trouble.items():
            if kind == "deferred":
                put_off.setdefault(reason, []).append(day)
        for reason, days in put_off.items():
            context.log.warning(
                "%s %s: not read, and left to the polls: %s: %s",
                result.account, result.stream, ", ".join(map(str, sorted(days))), reason,
            )  # fmt: skip
    failed = [result for result in results if result.state in ("failed", "stopped")]
    if failed:
        raise dg.Failure(
            "\n".join(sorted({str(result.error) for result in failed})), allow_retries=False
        )


def _specs(vendor: Vendor, stream: AnyStream) -> list[dg.AssetSpec]:
    table = f"facts.{stream.target.table.name}"
    common: dict[str, Any] = {
        "group_name": vendor.name,
        "owners": OWNERS,
        "tags": {"callhouse/vendor": vendor.name, "callhouse/stream": stream.name},
        "skippable": True,
    }
    upstream = [vendor_key(vendor)]
    if isinstance(stream, DetailStream):
        upstream.append(facts_key(vendor, vendor.stream(stream.of)))
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
            f"rebuild it from raw.records, without asking {vendor.title}. "
            f"Vendor's document: “{stream.document}”."
        ),
        kinds={"postgres", "pandas"},
        metadata={
            **table_metadata(table),
            "dagster/column_lineage": lineage.from_raw(stream.target, raw.key),
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
            _column_tags(column),
        )
        for column in (sql.catalog.tables() | sql.catalog.views())[table]
    ]
    return {
        "dagster/table_name": table,
        "dagster/column_schema": dg.TableSchema(columns=columns),
    }


def _column_tags(column: sql.catalog.Column) -> dict[str, str]:
    """What Dagster shows beside the type."""
    tags = {"unit": column.unit} if column.unit else {}
    return tags | ({"personal": ""} if column.personal else {})
