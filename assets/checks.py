"""Asset checks: what is wrong with a stream's facts, by account and day, and what to do about it.

What a check finds stays in `ops.findings` until it isn't so any more, however many runs and days
lie between: a check is green when it has no findings left. Its result is reported to Dagster when
it turns, and when Dagster shows another one; an idle poll reports nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import dagster as dg

from assets.check_results import EVERY_DAY, FINDINGS, result, unshown
from assets.keys import facts_key
from assets.loading.result import Result
from assets.metadata import table
from resources.account import Account
from resources.postgres.warehouse import Warehouse
from resources.text.foreign_text import sentence_for_markdown
from resources.vendor_api.vendor import AnyStream, Vendor
from resources.windows import ONE_DAY, business_day, day_start
from sql.table import Target
from sql.vocabulary import LATE

MOST = 100
"""Findings that a check shows; the others are in `ops.findings`."""
PATIENCE = timedelta(minutes=15)
"""How long polls may lag beyond three of their intervals."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: the statement `sql/checks/<name>.sql` lists what is wrong."""

    name: str
    description: str
    by_day: bool = False
    """Looks at the days that a run touched, not at accounts as they stand."""
    in_tables: bool = True
    """By day: looks into the table that counts the stream's records, not into `ops` alone."""
    everywhere: bool = False
    """Looks into all of the stream's tables."""
    column: str | None = None
    """Looks only into tables with this column."""
    warns: bool = False
    for_details: bool = False
    """Makes sense for details, too."""

    def targets(self, stream: AnyStream) -> list[Target | None]:
        """The tables that the statement is for; None: it is the same for all."""
        if not (self.by_day and self.in_tables):
            return [None]
        tables = stream.tables if self.everywhere else (stream.target,)
        return [
            table
            for table in tables
            if table.kind.is_counted and (self.column is None or table.table.has(self.column))
        ]


CHECKS = (
    Check("complete", "No day failed, and yesterday was read whole.", for_details=True),
    Check(
        "plausible",
        "No read shows much less of a day than is known of it, or than is usual, or just a limit.",
        warns=True,
    ),
    Check("fresh", "Every account's polls get through.", for_details=True),
    Check("not_always_empty", "No account has been empty for seven days.", warns=True),
    Check("stable", "No field changes at each read of a record.", warns=True),
    Check("reconciled", "raw = facts + rejects, and the vendor's total = raw.", by_day=True),
    Check("unique", "A record has one row, in its own day.", by_day=True, everywhere=True),
    Check("in_window", "Facts began on their business day.", by_day=True, column="started_at"),
    Check(
        "readable",
        "Every field could be read.",
        by_day=True,
        in_tables=False,
        warns=True,
        for_details=True,
    ),
    Check(
        "mapped",
        "The mapping knows how calls ended.",
        by_day=True,
        everywhere=True,
        column="disposition",
        warns=True,
    ),
)


def checks_of(stream: AnyStream) -> list[Check]:
    """The checks that make sense for the stream's facts."""
    if stream.parent:
        return [check for check in CHECKS if check.for_details]
    return [check for check in CHECKS if check.targets(stream)]


def check_specs(vendor: Vendor, stream: AnyStream) -> list[dg.AssetCheckSpec]:
    """The checks of the stream's facts."""
    asset = facts_key(vendor, stream)
    return [
        dg.AssetCheckSpec(check.name, asset=asset, description=check.description)
        for check in checks_of(stream)
    ]


@dataclass(frozen=True)
class StreamChecks:
    """The checks of a stream's facts. `accounts` are all of its vendor's."""

    warehouse: Warehouse
    vendor: Vendor
    stream: AnyStream
    accounts: Sequence[Account]

    def report(self, context: dg.AssetExecutionContext, results: Sequence[Result]) -> None:
        """Checks what a run loaded, and reports to Dagster what has turned.

        A poll's job leaves the checks out of its plan: one that is planned and not reported, as
        nothing has changed, would hide how it stood.
        """
        if not results:
            return
        turned = self.update(results, self.warehouse.now())
        standing = self.evaluations()
        not_shown = unshown(context.instance, standing)
        for evaluation in standing:
            if evaluation.check_name in turned or evaluation in not_shown:
                context.log_event(evaluation)

    def planned(self, context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult]:
        """How the checks stand that the run's plan has, before it does anything: Dagster calls a
        planned check running until its result comes, and failed if the run dies.
        """
        keys = [key for key in context.selected_asset_check_keys if key.asset_key == self._asset]
        if not keys:
            return
        names = {key.name for key in keys}
        for evaluation in self.evaluations():
            if evaluation.check_name in names:
                yield result(evaluation)

    def update(self, results: Sequence[Result], now: datetime) -> set[str]:
        """Looks for findings of the accounts that were loaded; returns the names of checks whose
        findings turned.
        """
        loaded = {result.account for result in results}
        # A rebuild is also of what isn't loaded any more: nothing of that is late.
        mine = [a for a in self.accounts if a.name in loaded and self.stream.name in a.streams]
        touched = {day for r in results for day in r.loaded.days | r.loaded.turned | r.failed_days}
        had = {finding.name for finding in self._findings(mine)}
        turned: set[str] = set()
        for check in checks_of(self.stream):
            if check.by_day and not touched:
                continue
            days = sorted(touched) if check.by_day else None
            found = self._found(check, _parameters(self.stream, mine, days, now))
            if not found and check.name not in had:
                continue
            row = self.warehouse.rows(
                "checks/replace_findings",
                stream=self._stream_name,
                name=check.name,
                of_accounts=[account.name for account in mine],
                of_days=days,
                accounts=[finding.account for finding in found],
                days=[finding.call_date for finding in found],
                notes=[finding.note for finding in found],
            )[0]
            if row.turned:
                turned.add(check.name)
        return turned

    def evaluations(self) -> list[dg.AssetCheckEvaluation]:
        """How the checks stand, for Dagster."""
        findings = self._findings(self.accounts)
        return [
            _evaluation(check, self._asset, [row for row in findings if row.name == check.name])
            for check in checks_of(self.stream)
        ]

    def _findings(self, accounts: Sequence[Account]) -> list[Any]:
        """What was found of these accounts and is still so."""
        names = [account.name for account in accounts]
        return self.warehouse.rows("checks/findings", stream=self._stream_name, accounts=names)

    @property
    def _asset(self) -> dg.AssetKey:
        return facts_key(self.vendor, self.stream)

    @property
    def _stream_name(self) -> str:
        """As `ops.findings` has it."""
        return f"{self.vendor.name}.{self.stream.name}"

    def _found(self, check: Check, parameters: dict[str, Any]) -> list[Any]:
        """One finding an account and day, in whatever tables it is."""
        found = {
            (row.account, row.call_date): row
            for target in check.targets(self.stream)
            for row in self.warehouse.rows(f"checks/{check.name}", target, **parameters)
        }
        return list(found.values())


def _evaluation(
    check: Check, asset: dg.AssetKey, findings: Sequence[Any]
) -> dg.AssetCheckEvaluation:
    metadata: dict[str, Any] = {FINDINGS: len(findings)}
    description = check.description
    if findings:
        first = findings[0]
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        place = f"{first.account}, {first.call_date}" if first.call_date else first.account
        description = f"{place}: {first.note}{more}"
        metadata["what to do"] = table(
            ["account", "day", "note"],
            [
                [row.account, row.call_date and str(row.call_date), row.note]
                for row in findings[:MOST]
            ],
        )
    return dg.AssetCheckEvaluation(
        asset_key=asset,
        check_name=check.name,
        passed=not findings,
        severity=dg.AssetCheckSeverity.WARN if check.warns else dg.AssetCheckSeverity.ERROR,
        description=sentence_for_markdown(description),
        metadata=metadata,
        partition=EVERY_DAY,
    )


def _parameters(
    stream: AnyStream, accounts: Sequence[Account], days: list[date] | None, now: datetime
) -> dict[str, Any]:
    """Of every check's statement; each uses what it needs of them."""
    yesterdays = [business_day(now, account.timezone) - ONE_DAY for account in accounts]
    return {
        "accounts": [account.name for account in accounts],
        "stream": stream.name,
        "days": days,
        "now": now,
        "replaces": stream.replaces,
        "volatile": list(stream.volatile),
        "timezones": [account.timezone.key for account in accounts],
        "patience_s": [(3 * a.poll_every + PATIENCE).total_seconds() for a in accounts],
        "yesterdays": yesterdays,
        "late": [
            stream.parent is None
            and day >= account.start_date
            and now >= day_start(day + ONE_DAY, account.timezone) + LATE
            for account, day in zip(accounts, yesterdays, strict=True)
        ],
    }
