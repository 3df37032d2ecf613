"""A vendor's assets: raw landing and facts of every stream, in one op that works on all accounts.

One op, as accounts are inside an asset and streams share the vendor's limits. What it did is
reported day by day: an asset's partition is good only when no account failed on it.
"""

from collections.abc import Collection, Iterator
from typing import Any

import dagster as dg

from assets import checks, code_links, lineage
from assets.keys import facts_key, raw_key, vendor_key
from assets.loading.context import Watch
from assets.resource import VENDOR_TAG, CallhouseResource, Choice
from assets.run_scope import RunScope
from assets.specs import OWNERS, table_metadata
from assets.vendor_run import VendorRun
from resources.account import Account
from resources.errors import ConfigurationError
from resources.vendor_api.vendor import AnyStream, Vendor

DAYS_PER_RUN = 31
"""A backfill's run: as many days as one request of the widest report may cover."""


def vendor_spec(vendor: Vendor) -> dg.AssetSpec:
    """The vendor as what its raw landings come from: an external asset, which nobody runs."""
    return dg.AssetSpec(
        vendor_key(vendor),
        group_name=vendor.name,
        owners=OWNERS,
        kinds={"http"},
        tags={VENDOR_TAG: vendor.name},
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
            metadata=code_links.references({"reading": stream.read, "mapping": stream.normalise})
        )
        for stream in streams
        for spec in _specs(vendor, stream)
    ]

    @dg.multi_asset(
        name=vendor.name,
        specs=specs,
        check_specs=[spec for stream in streams for spec in checks.check_specs(vendor, stream)],
        can_subset=True,
        partitions_def=days,
        backfill_policy=dg.BackfillPolicy.multi_run(DAYS_PER_RUN),
        pool=vendor.name,
    )
    def load(
        context: dg.AssetExecutionContext, config: Choice, callhouse: CallhouseResource
    ) -> Iterator[Any]:
        with callhouse.warehouse() as warehouse:
            scope = RunScope(context, warehouse, vendor, streams)
            run = VendorRun(scope, callhouse, watch)
            yield from run.planned_checks()
            if scope.loads:
                run.load(_chosen(context, vendor, config, callhouse))

    return load


def _chosen(
    context: dg.AssetExecutionContext, vendor: Vendor, config: Choice, callhouse: CallhouseResource
) -> list[Account]:
    try:
        accounts = callhouse.accounts(vendor.name, context.run.tags, config.accounts)
    except ConfigurationError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    if not accounts:
        context.log.info("no account of %s is asked for: nothing to do", vendor.title)
    return accounts


def _specs(vendor: Vendor, stream: AnyStream) -> list[dg.AssetSpec]:
    table = f"facts.{stream.target.table.name}"
    common: dict[str, Any] = {
        "group_name": vendor.name,
        "owners": OWNERS,
        "tags": {VENDOR_TAG: vendor.name, "callhouse/stream": stream.name},
        "skippable": True,
    }
    upstream = [vendor_key(vendor)]
    if stream.parent:
        upstream.append(facts_key(vendor, vendor.stream(stream.parent)))
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
