"""`callhouse sync`, `rebuild` and `refresh-marts`: passes through the same assets as the schedules.

Dagster takes a second to load, so that is done only where something is to be run.
"""

from contextlib import closing
from datetime import date
from typing import Protocol

from assets.loading.result import Result
from assets.refresh import stale_days
from pipelines import dagster_home
from pipelines.commands.accounts import known_accounts, known_settings
from pipelines.commands.sync_plan import (
    PassRequest,
    Plan,
    Run,
    with_stored_streams,
    wrong_days,
)
from pipelines.commands.sync_report import INTERRUPTED, Done, Pass
from resources.configuration.home import Home
from resources.errors import ConfigurationError
from resources.postgres.migration import migrate
from resources.postgres.warehouse import Warehouse
from resources.windows import days_between

SILENT = "CRITICAL"


class Follower(Protocol):
    """Follows a pass as it goes on."""

    def begin(self, runs: list[Run]) -> None:
        """These runs are to come."""

    def enter(self, run: Run) -> None:
        """The run starts."""

    def watch(self, result: Result) -> None:
        """Something has been added to a result; called from any thread."""


def run_pass(request: PassRequest, url: str, follower: Follower, log_level: str = SILENT) -> Pass:
    """Loads what is asked for. No account or vendor that fails keeps another from its turn.

    Raises ConfigurationError, and ClockError, before anything has been asked of a vendor.
    """
    home = Home.from_environment()
    accounts = known_accounts(home)
    dagster_home.prepare(home, url)
    migrate(url)
    with closing(Warehouse(url, pool_size=1)) as warehouse:
        warehouse.clock.require_agreement()
        if request.rebuild:
            accounts = with_stored_streams(warehouse, accounts)
        plan = Plan(accounts, request, warehouse.now())
        todo = list(plan.runs(warehouse))
        if not todo and not stale_days(warehouse):
            return Pass(plan.skipped, [], [])
    results: dict[int, Result] = {}

    def watch(result: Result) -> None:
        results[id(result)] = result
        follower.watch(result)

    from pipelines.commands.runs import runs

    done: list[Done] = []
    follower.begin(todo)
    with runs(plan.accounts, watch, log_level) as executing:
        for run in todo:
            follower.enter(run)
            done.append(executing.load(run, request.streams))
            if done[-1].error == INTERRUPTED:
                return Pass(plan.skipped, done, list(results.values()))
        with closing(Warehouse(url, pool_size=1)) as warehouse:
            stale = stale_days(warehouse)
        if stale:
            done += executing.refresh_marts(stale)
    return Pass(plan.skipped, done, list(results.values()))


def refresh_marts(url: str, span: tuple[date, date] | None, log_level: str = SILENT) -> list[Done]:
    """Computes the marts of the days from the first to the last again, changed or not; without any,
    of those behind. Raises ConfigurationError for days that can't be meant.
    """
    home = Home.from_environment()
    accounts = known_settings(home).accounts
    dagster_home.prepare(home, url)
    migrate(url)
    with closing(Warehouse(url, pool_size=1)) as warehouse:
        stale, now = stale_days(warehouse), warehouse.now()
    zones = [account.timezone for account in accounts.values()]
    if span and (faults := list(wrong_days(*span, zones, now))):
        raise ConfigurationError(faults)
    days = days_between(*span) if span else stale
    if not days:
        return []

    from pipelines.commands.runs import runs

    with runs(accounts, None, log_level, since=min(days)) as executing:
        return executing.refresh_marts(days, always=bool(span))
