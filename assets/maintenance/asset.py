"""The nightly asset: keeps the warehouse and Dagster's storage as they should be, and says how."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import dagster as dg

from assets.ended_runs import require_run
from assets.maintenance import expiry, tasks
from assets.maintenance.expiry import Dropped
from assets.maintenance.old_runs import prune_runs
from assets.resource import CallhouseResource
from assets.specs import OWNERS
from resources.configuration.retention import (
    AUDIO,
    FACTS,
    LEDGER,
    LEDGER_DAYS,
    RAW,
    REJECTS,
    Retention,
    first_kept,
)
from resources.postgres.warehouse import Warehouse
from resources.text.foreign_text import sentence_for_markdown

KEY = dg.AssetKey(["ops", "maintenance"])
CHECK = "yesterday_complete"
Step = Callable[[], dict[str, Any]]


def maintenance_asset(frequent_jobs: set[str]) -> dg.AssetsDefinition:
    """The work of a night. `frequent_jobs`: jobs whose old runs are deleted."""

    @dg.asset(
        key=KEY,
        group_name="ops",
        owners=OWNERS,
        kinds={"postgres"},
        description=(
            "Each night: partitions a week ahead; facts, raw records, audio and what rejects hold "
            f"dropped after {FACTS}, {RAW}, {AUDIO} and {REJECTS} (unset: kept); what is over in "
            f"`ops` (requests, resolved rejects, quotas…) deleted after {LEDGER} (default "
            f"{LEDGER_DAYS}) days; old polls' events deleted from Dagster's storage; yesterday "
            "checked."
        ),
        check_specs=[
            dg.AssetCheckSpec(
                CHECK, asset=KEY, description="Every account's yesterday is read whole."
            )
        ],
    )
    def maintenance(
        context: dg.AssetExecutionContext, callhouse: CallhouseResource
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads the annotation
        with callhouse.warehouse() as warehouse:
            now = warehouse.now()
            steps = _steps(warehouse, context.instance, now, frequent_jobs)
            metadata: dict[str, Any] = {}
            errors: list[str] = []
            for name, step in steps.items():
                require_run(context.instance, context.run.run_id)
                try:
                    metadata |= step()
                except Exception as error:
                    context.log.exception("%s failed; the other steps go on", name)
                    errors.append(f"{name}: {error}")
            accounts = callhouse.settings(needs_secrets=False).accounts
            unfinished = tasks.unfinished(warehouse, accounts.values(), now)
        if errors:
            raise dg.Failure("\n".join(errors), metadata=metadata)
        return dg.MaterializeResult(metadata=metadata, check_results=[_check(unfinished)])

    return maintenance


def _steps(
    warehouse: Warehouse, instance: dg.DagsterInstance, now: datetime, frequent_jobs: set[str]
) -> dict[str, Step]:
    """By name; each by itself, so that one that fails keeps no other from its work."""

    def partitions() -> dict[str, Any]:
        return {"days_ahead": tasks.make_days_ahead(warehouse, now.date())}

    def ledgers() -> dict[str, Any]:
        deleted = tasks.prune(warehouse, timedelta(days=Retention.from_environment().ledger))
        return {f"{ledger}_deleted": count for ledger, count in deleted.items()}

    def runs() -> dict[str, Any]:
        return {"runs_deleted": prune_runs(instance, now, frequent_jobs)}

    return {
        "partitions": partitions,
        **_retention_steps(warehouse, now.date()),
        "pruning": ledgers,
        "old runs": runs,
    }


def _retention_steps(warehouse: Warehouse, today: date) -> dict[str, Step]:
    """What is older than it is to be kept, by kind."""

    def old() -> Retention:
        return Retention.from_environment()

    def before(days: int) -> date:
        return first_kept(days, today)

    def facts() -> dict[str, Any]:
        days = old().facts
        return _dropped("facts", expiry.drop_facts(warehouse, before(days))) if days else {}

    def raw() -> dict[str, Any]:
        days = old().raw
        return _dropped("raw", expiry.drop_raw(warehouse, before(days))) if days else {}

    def audio() -> dict[str, Any]:
        days = old().audio
        return {"audio_deleted": expiry.drop_audio(warehouse, before(days))} if days else {}

    def rejects() -> dict[str, Any]:
        days = old().rejects
        if not days:
            return {}
        return {"rejects_emptied": expiry.empty_rejects(warehouse, timedelta(days=days))}

    return {
        "retention of facts": facts,
        "retention of raw": raw,
        "retention of audio": audio,
        "retention of rejects": rejects,
    }


def _dropped(what: str, done: Dropped) -> dict[str, Any]:
    """How many partitions retention has dropped, and has left to their readers."""
    return {
        f"{what}_days_dropped": len(done.dropped),
        f"{what}_days_held_by_readers": len(done.held),
    }


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
