"""What Dagster shows of checks, and what must be reported so that it shows how they stand."""

from collections.abc import Sequence

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord

EVERY_DAY = "every day"
"""The partition of a run's result of a check. Dagster stops showing a result once its asset has a
newer materialisation by another run, of the result's partition if it has one: this one never has
any. So a result stays until there is another, however often its asset is materialised.
(One that is reported without a run stays where the materialisations come without a run, too.)
"""
FINDINGS = "findings"
"""The entry of a result's metadata that says how many there are."""


def unshown(
    instance: dg.DagsterInstance, standing: Sequence[dg.AssetCheckEvaluation]
) -> list[dg.AssetCheckEvaluation]:
    """The results that Dagster doesn't show: they were never reported, or it shows another, such as
    that a run failed before it came to the check.
    """
    keys = [evaluation.asset_check_key for evaluation in standing]
    shown = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    return [e for e in standing if not _is_shown(e, shown.get(e.asset_check_key))]


def result(standing: dg.AssetCheckEvaluation) -> dg.AssetCheckResult:
    """The result as a run's op yields it."""
    return dg.AssetCheckResult(
        asset_key=standing.asset_key,
        check_name=standing.check_name,
        passed=standing.passed,
        severity=standing.severity,
        description=standing.description,
        metadata=standing.metadata,
    )


def _is_shown(standing: dg.AssetCheckEvaluation, record: AssetCheckExecutionRecord | None) -> bool:
    stays = record is not None and (record.partition == EVERY_DAY or not record.run_id)
    last = record.evaluation if record and stays else None
    return last is not None and (last.passed, last.metadata.get(FINDINGS)) == (
        standing.passed,
        standing.metadata.get(FINDINGS),
    )
