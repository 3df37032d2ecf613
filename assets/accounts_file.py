"""`accounts.toml` in Dagster: who is loaded, what is wrong with the file, and whether the graph has
it all. Reported by a sensor, without a run.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from assets.check_results import FINDINGS, result
from assets.metadata import table
from assets.resource import CallhouseResource
from assets.specs import OWNERS
from resources.account import Account
from resources.configuration.settings import Settings
from resources.text.foreign_text import sentence_for_markdown

KEY = dg.AssetKey(["ops", "accounts"])
VALID, SHOWN = "valid", "shown"
COLUMNS = ("account", "vendor", "time zone", "first day", "streams", "polled every", "settings")

Lacks = Callable[[Mapping[str, Account]], Iterable[str]]
"""What Dagster's graph lacks of the accounts."""

ACCOUNTS = dg.AssetSpec(
    KEY,
    group_name="ops",
    owners=OWNERS,
    kinds={"file"},
    description=(
        "accounts.toml: who is loaded, from which day, which streams. *Metadata* has it, as it was "
        "when it last changed; no secrets."
    ),
)
CHECKS = [
    dg.AssetCheckSpec(VALID, asset=KEY, description="Nothing is wrong with accounts.toml."),
    dg.AssetCheckSpec(SHOWN, asset=KEY, description="Dagster shows what accounts.toml says."),
]


def accounts_checks(lacks: Lacks) -> dg.AssetChecksDefinition:
    """The checks as things stand now, where somebody executes them by hand."""

    @dg.multi_asset_check(name="accounts", specs=CHECKS, can_subset=True)
    def check(
        context: dg.AssetCheckExecutionContext, callhouse: CallhouseResource
    ) -> Iterator[dg.AssetCheckResult]:
        settings = callhouse.settings()
        for standing in evaluations(settings, lacks(settings.accounts)):
            if standing.asset_check_key in context.selected_asset_check_keys:
                yield result(standing)

    return check


def lines(settings: Settings) -> list[tuple[Any, ...]]:
    """A line an account; no secrets."""
    names = sorted(settings.accounts.keys() | settings.left_out)
    return [_line(settings, name) for name in names]


def accounts_materialisation(settings: Settings) -> dg.AssetMaterialization:
    """Who is loaded, how."""
    return dg.AssetMaterialization(
        KEY,
        metadata={
            "accounts": table(COLUMNS, lines(settings)),
            "number of accounts": len(settings.accounts),
        },
    )


def evaluations(settings: Settings, lacking: Iterable[str]) -> list[dg.AssetCheckEvaluation]:
    """How the checks stand. `lacking`: what the graph lacks of the accounts."""
    missing, wrong = list(lacking), settings.sentences()
    return [
        _evaluation(VALID, wrong, dg.AssetCheckSeverity.ERROR, "\n".join(wrong)),
        _evaluation(
            SHOWN,
            missing,
            dg.AssetCheckSeverity.WARN,
            "Press *Reload definitions* (Deployment, callhouse): not shown yet, and what of it is "
            f"new isn't loaded yet: {', '.join(missing)}",
        ),
    ]


def _evaluation(
    name: str, wrong: Sequence[str], severity: dg.AssetCheckSeverity, text: str
) -> dg.AssetCheckEvaluation:
    (description,) = (check.description for check in CHECKS if check.name == name)
    return dg.AssetCheckEvaluation(
        asset_key=KEY,
        check_name=name,
        passed=not wrong,
        severity=severity,
        description=sentence_for_markdown(text) if wrong else description,
        metadata={FINDINGS: len(wrong)},
    )


def _line(settings: Settings, name: str) -> tuple[Any, ...]:
    account: Account | None = settings.accounts.get(name)
    if account is None:
        return (name, *[None] * (len(COLUMNS) - 2), "left out: they are wrong")
    return (
        name,
        account.vendor,
        account.timezone.key,
        f"{account.start_date}",
        ", ".join(account.streams),
        f"{account.poll_every.total_seconds():g} s",
        "the last good ones" if name in settings.kept else None,
    )
