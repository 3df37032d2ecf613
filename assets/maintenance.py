"""The nightly asset: keeps the warehouse and Dagster's storage as they should be, and says how."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from assets import housekeeping
from assets.context import Callhouse
from assets.housekeeping import LEDGER_DAYS, LEDGER_RETENTION, RAW_RETENTION, retention
from assets.old_runs import prune_runs
from assets.streams import OWNERS
from resources.foreign_text import sentence_for_markdown
from resources.warehouse import Warehouse

KEY = dg.AssetKey(["ops", "maintenance"])
CHECK = "yesterday_complete"
Step = Callable[[], dict[str, Any]]


def maintenance_asset(frequent_jobs: set[str]) -> dg.AssetsDefinition:
    """The work of a night. `frequent_jobs`: those whose old runs needn't be kept."""

    @dg.asset(
        key=KEY,
        group_name="ops",
        owners=OWNERS,
        kinds={"postgres"},
        description=(
            f"Each night: partitions a week ahead; raw records older than {RAW_RETENTION} days "
            "dropped (unset: kept); what is over in `ops` (requests, resolved rejects, quotas…) "
            f"deleted after {LEDGER_RETENTION} (default {LEDGER_DAYS}) days; old polls' events "
            "deleted from Dagster's storage; yesterday checked."
        ),
        check_specs=[
            dg.AssetCheckSpec(
                CHECK, asset=KEY, description="Every account's yesterday is read whole."
            )
        ],
    )
    def maintenance(
        context: dg.AssetExecutionContext, callhouse: Callhouse
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads the annotation
        with callhouse.warehouse() as warehouse:
            now = warehouse.now()
            steps = _steps(warehouse, context.instance, now, frequent_jobs)
            metadata: dict[str, Any] = {}
            errors: list[str] = []
            for name, step in steps.items():
                try:
                    metadata |= step()
                except Exception as error:
                    context.log.exception("%s failed; the other steps go on", name)
                    errors.append(f"{name}: {error}")
            unfinished = housekeeping.unfinished(warehouse, now)
        if errors:
            raise dg.Failure("\n".join(errors), metadata=metadata)
        return dg.MaterializeResult(metadata=metadata, check_results=[_check(unfinished)])

    return maintenance


def _steps(
    warehouse: Warehouse, instance: dg.DagsterInstance, now: datetime, frequent_jobs: set[str]
) -> dict[str, Step]:
    """By name; each by itself, so that one that fails keeps no other from its work."""

    def partitions() -> dict[str, Any]:
        return {"days_ahead": housekeeping.make_days_ahead(warehouse, now.date())}

    def raw() -> dict[str, Any]:
        days = retention(RAW_RETENTION)
        if days is None:
            return {}
        done = housekeeping.drop_raw(warehouse, now.date() - timedelta(days=days))
        return {"raw_days_dropped": len(done.dropped), "raw_days_held_by_readers": len(done.held)}

    def ledgers() -> dict[str, Any]:
        keep = timedelta(days=retention(LEDGER_RETENTION) or LEDGER_DAYS)
        deleted = housekeeping.prune(warehouse, keep)
        return {f"{ledger}_deleted": count for ledger, count in deleted.items()}

    def runs() -> dict[str, Any]:
        return {"runs_deleted": prune_runs(instance, now, frequent_jobs)}

    return {"partitions": partitions, "retention of raw": raw, "pruning": ledgers, "old runs": runs}


def _check(unfinished: list[str]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=CHECK,
        passed=not unfinished,
        severity=dg.AssetCheckSeverity.WARN,
        description="Yesterday is read whole everywhere."
        if not unfinished
        else "Not read whole: "
        + sentence_for_markdown("; ".join(unfinished[:20]))
        + ". They are read again by themselves: "
        "`callhouse status` says when.",
        metadata={"unfinished": len(unfinished)},
    )
