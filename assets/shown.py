"""What Dagster shows of checks, and what it has to be told so that it shows how they stand."""

from collections.abc import Sequence

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord

EVERY_DAY = "every day"
"""The partition that a run's result of a check is told of. Dagster shows no result any more once
its asset has a newer materialisation by another run, of the result's partition if it has one: this
one never has any. So a result stays until there is another, however often its asset is
materialised.
(One that is told without a run stays where the materialisations are told without a run, too.)
"""
FINDINGS = "findings"
"""The entry of a result's metadata that says how many there are."""


def untold(
    instance: dg.DagsterInstance, standing: Sequence[dg.AssetCheckEvaluation]
) -> list[dg.AssetCheckEvaluation]:
    """Of the results those that Dagster doesn't show: it was never told, or shows something else,
    such as that a run failed before it came to the check.
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
    told = record.evaluation if record and stays else None
    return told is not None and (told.passed, told.metadata.get(FINDINGS)) == (
        standing.passed,
        standing.metadata.get(FINDINGS),
    )
