"""The report as an asset downstream of the marts: a file that the UI links to."""

import dagster as dg

from assets.ended_runs import require_run
from assets.keys import mart_key
from assets.resource import CallhouseResource
from assets.specs import OWNERS
from resources.errors import CallhouseError
from resources.report import page
from resources.report.answers import select
from resources.report.charts import marts_read
from resources.report.place import ReportPlace

KEY = dg.AssetKey(["report", "calls"])
PATH = "/callhouse/report"
"""Where the UI's web server has it."""


def report_asset() -> dg.AssetsDefinition:
    """One page of all accounts' last seven days, without personal data."""

    @dg.asset(
        key=KEY,
        deps=[mart_key(name) for name in sorted(marts_read())],
        group_name="report",
        owners=OWNERS,
        kinds={"html"},
        description=(
            f"One page of the last seven days of all accounts: [open it]({PATH}). Made anew after "
            "the marts, every quarter of an hour at most. `callhouse report` makes others."
        ),
    )
    def calls(
        context: dg.AssetExecutionContext,
        callhouse: CallhouseResource,
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads the annotation
        try:
            place = ReportPlace()
            with callhouse.warehouse() as warehouse:
                made = page.render(warehouse, select(warehouse))
            # No older page in the place of a newer one.
            require_run(context.instance, context.run.run_id)
            uri = place.write(made)
        except CallhouseError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        if made.faults:
            raise dg.Failure("Made without these parts: " + "; ".join(made.faults))
        return dg.MaterializeResult(
            metadata={
                "page": dg.MetadataValue.url(PATH),
                "file": dg.MetadataValue.path(place.file) if place.file else uri,
                "bytes": len(made.html.encode()),
            }
        )

    return calls
