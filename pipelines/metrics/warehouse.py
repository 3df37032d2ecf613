"""Figures from the warehouse's tables: freshness, days, requests, quotas, waits, rejects."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection, Row

from assets.account_streams import account_streams, parameters
from assets.loading.account_stream import is_detail
from pipelines.metrics.families import Metrics
from pipelines.workers.queues import Queue
from resources.account import Account
from resources.postgres.warehouse import Warehouse, execute
from resources.windows import business_day

RECENT = timedelta(minutes=15)
QUOTA_DAYS = timedelta(days=2)
SHOWN_OF_CREDENTIAL = 8
"""Digits of its keyed hash: enough to tell credentials apart, and no way back to one."""
STATES = ("complete", "settling", "open", "failed", "unread")


def add_warehouse(
    figures: Metrics, warehouse: Warehouse, accounts: Mapping[str, Account], has_workers: bool
) -> None:
    """Adds what the tables say of these accounts, and of the workers to which runs go, if they do;
    all of it as of one moment.
    """
    with warehouse.transaction() as connection:
        tables = _Tables(figures, connection, accounts)
        tables.add_streams()
        tables.add_requests()
        tables.add_waits()
        tables.add_quotas()
        tables.add_backfills()
        tables.add_marts()
        if has_workers:
            tables.add_workers()


class _Tables:
    """What adds figures, of one transaction."""

    def __init__(
        self, figures: Metrics, connection: Connection, accounts: Mapping[str, Account]
    ) -> None:
        self._add = figures.add
        self._connection = connection
        self._accounts = accounts
        execute(connection, "metrics/begin")
        self._now: datetime = self._rows("load/clock")[0].now

    def _rows(self, statement: str, **parameters: Any) -> list[Row[Any]]:
        return list(execute(self._connection, statement, **parameters))

    def _vendor(self, account: str) -> str:
        """Empty for an account that isn't in the file any more."""
        known = self._accounts.get(account)
        return known.vendor if known else ""

    def add_streams(self) -> None:
        begun = [
            account
            for account in self._accounts.values()
            if business_day(self._now, account.timezone) >= account.start_date
        ]
        for account in begun:
            interval = account.poll_every.total_seconds()
            self._add("poll_interval_seconds", interval, account.vendor, account.name)
        sources = account_streams(begun)
        details = {(s.account.name, s.stream.name) for s in sources if is_detail(s)}
        todays = [business_day(self._now, source.account.timezone) for source in sources]
        for row in self._rows("metrics/streams", todays=todays, **parameters(sources)):
            self._add_stream(row, (row.account, row.stream) in details)

    def _add_stream(self, row: Row[Any], is_detail: bool) -> None:
        labels = (self._vendor(row.account), row.account, row.stream)
        # Details are asked for only where there are records that have them.
        if row.last_success_at or not is_detail:
            at = row.last_success_at.timestamp() if row.last_success_at else 0
            self._add("last_success_timestamp_seconds", at, *labels)
        self._add("failed_polls", row.failures, *labels)
        self._add("stopped", row.stopped, *labels)
        for state in STATES:
            self._add("days", getattr(row, state), *labels, state)
        self._add("doubted_days", row.doubted, *labels)
        self._add("rejects", row.rejects, *labels)

    def add_requests(self) -> None:
        for row in self._rows("metrics/requests", since=self._now - RECENT):
            labels = (
                self._vendor(row.account),
                row.account,
                row.report,
                _kind(row),
                "ok" if row.went_well else "error",
            )
            self._add("recent_requests", row.requests, *labels)
            self._add("recent_request_seconds", row.seconds, *labels)
        for row in self._rows("metrics/in_flight"):
            vendor, credential = self._vendor(row.account), row.credential[:SHOWN_OF_CREDENTIAL]
            self._add("requests_in_flight", row.requests, vendor, row.account, credential)

    def add_waits(self) -> None:
        for row in self._rows("metrics/waiters"):
            labels = (
                self._vendor(row.account),
                row.account,
                row.report,
                _kind(row),
                row.reason,
            )
            self._add("waiting_requests", row.waiting, *labels)
            self._add("longest_wait_seconds", row.longest_s, *labels)
        for row in self._rows("metrics/holds"):
            rest = (row.until - self._now).total_seconds()
            self._add("credential_paused_seconds", rest, row.credential[:SHOWN_OF_CREDENTIAL])

    def add_quotas(self) -> None:
        """By what requests were counted for, not by the accounts: those of one credential share a
        quota even where the file doesn't say so, and here no credential is known.
        """
        owners: dict[str, Account] = {}
        for account in self._accounts.values():
            owners.setdefault(account.operation, account)
        since = (self._now - QUOTA_DAYS).date()
        for row in self._rows("metrics/quotas", since=since):
            if owner := owners.get(row.bucket):
                self._add_quota(row, owner)

    def _add_quota(self, row: Row[Any], owner: Account) -> None:
        labels = (owner.vendor, row.bucket)
        is_today = row.day == business_day(self._now, owner.timezone)
        used = row.used if is_today else 0
        limit = owner.limits.daily_requests
        is_said = row.exhausted_until is not None and row.exhausted_until > self._now
        self._add("quota_used_requests", used, *labels)
        self._add("quota_backfill_requests", row.by_backfill if is_today else 0, *labels)
        if limit is not None:
            self._add("quota_limit_requests", limit, *labels)
        self._add("quota_exhausted", is_said or (limit is not None and used >= limit), *labels)

    def add_backfills(self) -> None:
        days: dict[tuple[str, str, str], tuple[int, int]] = {}
        for row in self._rows("status/backfills"):
            labels = (self._vendor(row.account), row.account, row.stream)
            of, read = days.get(labels, (0, 0))
            days[labels] = (of + row.days, read + row.days_read)
        for labels, (of, read) in days.items():
            self._add("backfill_days", of, *labels)
            self._add("backfill_days_read", read, *labels)

    def add_marts(self) -> None:
        (row,) = self._rows("metrics/marts")
        behind = (self._now - row.since).total_seconds() if row.since else 0
        self._add("marts_stale_days", row.days)
        self._add("marts_behind_seconds", max(behind, 0))

    def add_workers(self) -> None:
        slots = dict.fromkeys(Queue, 0)
        for row in self._rows("metrics/workers"):
            self._add("workers", row.workers, row.queue, row.version)
            slots[Queue(row.queue)] += row.slots
        for queue, count in slots.items():
            self._add("worker_slots", count, queue)
        (row,) = self._rows("metrics/worker_runs")
        self._add("worker_runs", row.runs)


def _kind(row: Row[Any]) -> str:
    return "backfill" if row.backfill else "poll"
