"""Materialisations of business days, as a load gets done with them: days turn green one by one."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import date

import dagster as dg

from assets.ended_runs import require_run
from assets.loading.load import Loader
from assets.loading.result import Result
from assets.metadata import day_metadata, run_metadata
from assets.run_scope import RunScope
from resources.account import Account
from resources.vendor_api.vendor import AnyStream
from resources.windows import business_day

LOOK_EVERY_S = 2.0


class Materialisations:
    """What one run has done, reported from the run's own thread while others do it.

    A backfill's day is done when every account that has it has read it in full; a day that none
    has is never reported.
    """

    def __init__(self, scope: RunScope, accounts: Sequence[Account]) -> None:
        self._scope = scope
        self._context = scope.context
        self._warehouse = scope.warehouse
        self._accounts = accounts
        self._results: dict[tuple[str, str], Result] = {}
        self._reported: set[tuple[str, date]] = set()
        self._began_at = scope.warehouse.now()

    def update(self, result: Result) -> None:
        """Takes a result as it stands: a load's `watch`."""
        self._results[result.account, result.stream] = result

    def follow(
        self, loader: Loader, work: Callable[[], list[Result]], days: Sequence[date]
    ) -> list[Result]:
        """Does the work, and reports every one of the days as soon as it is done.

        When the run is cancelled, or Dagster calls it ended without asking it, the load ends at
        once; what is done has been reported then.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="load") as thread:
            future: Future[list[Result]] = thread.submit(work)
            try:
                while wait([future], timeout=LOOK_EVERY_S).not_done:
                    require_run(self._context.instance, self._scope.run_id)
                    self._report_done(days)
            except BaseException:
                loader.stop()
                wait([future])
                raise
            finally:
                self._report_done(days)
        return future.result()

    def report_changes(self, stream: AnyStream) -> None:
        """What a poll reports: the days on which something was written, or whose state changed."""
        days: set[date] = set()
        for account in self._accounts:
            if result := self._results.get((account.name, stream.name)):
                changed = result.loaded.days | result.loaded.turned
                days |= {day for day in changed if self._has(account, day)}
        self.report(stream, days)

    def report(self, stream: AnyStream, days: Iterable[date]) -> None:
        """Materialisations of the days; the newest last, as Dagster shows what came last."""
        new = sorted({day for day in days if (stream.name, day) not in self._reported})
        if not new:
            return
        results = [result for result in self._results.values() if result.stream == stream.name]
        common = run_metadata(self._warehouse, self._scope.run_id, self._accounts, stream.name)
        for day in new:
            of_day = day_metadata(self._warehouse, self._scope.vendor, stream, day, results)
            metadata = of_day | common
            for key in self._scope.keys(stream):
                self._context.log_event(
                    dg.AssetMaterialization(key, partition=day.isoformat(), metadata=metadata)
                )
            self._reported.add((stream.name, day))

    def _report_done(self, days: Sequence[date]) -> None:
        for stream in self._scope.streams:
            if self._scope.keys(stream):
                self.report(stream, {day for day in days if self._is_done(stream, day)})

    def _is_done(self, stream: AnyStream, day: date) -> bool:
        having = [a for a in self._accounts if stream.name in a.streams and self._has(a, day)]
        results = [self._results.get((account.name, stream.name)) for account in having]
        return bool(results) and all(result and day in result.read for result in results)

    def _has(self, account: Account, day: date) -> bool:
        return account.start_date <= day <= business_day(self._began_at, account.timezone)
