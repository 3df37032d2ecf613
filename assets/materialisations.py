"""Tells Dagster of business days, as a load gets done with them: days turn green one by one."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import date

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError

from assets.loading.load import Loader
from assets.loading.result import Result
from assets.report import day_report, run_report
from resources.account import Account
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.vendor import AnyStream, Vendor
from resources.windows import business_day

LOOK_EVERY_S = 2.0
Keys = Callable[[AnyStream], Sequence[dg.AssetKey]]


class Materialisations:
    """What one run has done, told from the run's own thread while others do it.

    A backfill's day is done when every account that has it has read it in full; a day that none
    has is never told. `keys`: the assets of a stream that the run is about.
    """

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        warehouse: Warehouse,
        vendor: Vendor,
        streams: Sequence[AnyStream],
        accounts: Sequence[Account],
        keys: Keys,
    ) -> None:
        self._context = context
        self._warehouse = warehouse
        self._vendor = vendor
        self._streams = streams
        self._accounts = accounts
        self._keys = keys
        self._results: dict[tuple[str, str], Result] = {}
        self._told: set[tuple[str, date]] = set()
        self._began_at = warehouse.now()

    def note(self, result: Result) -> None:
        """A load's `watch`."""
        self._results[result.account, result.stream] = result

    def follow(
        self, loader: Loader, work: Callable[[], list[Result]], days: Sequence[date]
    ) -> list[Result]:
        """Does the work, and tells of every one of the days as soon as it is done.

        When the run is cancelled, or Dagster calls it ended without its being asked, the load ends
        at once; what is done has been told then.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="load") as thread:
            future: Future[list[Result]] = thread.submit(work)
            try:
                while wait([future], timeout=LOOK_EVERY_S).not_done:
                    self._require_run()
                    self._tell_done(days)
            except BaseException:
                loader.stop()
                wait([future])
                raise
            finally:
                self._tell_done(days)
        return future.result()

    def _require_run(self) -> None:
        """Raises what a cancelled run raises when this one is no more, in Dagster's eyes: it was
        marked as ended, or deleted, or the word never came. The next run may have begun already.
        """
        try:
            run = self._context.instance.get_run_by_id(self._context.run.run_id)
        except Exception:  # noqa: BLE001 - Dagster's storage is away: nobody can say
            return
        if run is None or run.is_finished or run.status == dg.DagsterRunStatus.CANCELING:
            raise DagsterExecutionInterruptedError

    def tell_changes(self, stream: AnyStream) -> None:
        """What a poll tells: the days on which something was written, or whose state changed."""
        days: set[date] = set()
        for account in self._accounts:
            if result := self._results.get((account.name, stream.name)):
                changed = result.loaded.days | result.loaded.turned
                days |= {day for day in changed if self._has(account, day)}
        self.tell(stream, days)

    def tell(self, stream: AnyStream, days: Iterable[date]) -> None:
        """Materialisations of the days; the newest last, as Dagster shows what came last."""
        new = sorted({day for day in days if (stream.name, day) not in self._told})
        if not new:
            return
        results = [result for result in self._results.values() if result.stream == stream.name]
        common = run_report(self._warehouse, self._context.run.run_id, self._accounts, stream.name)
        for day in new:
            told = day_report(self._warehouse, self._vendor, stream, day, results)
            for key in self._keys(stream):
                self._context.log_event(
                    dg.AssetMaterialization(key, partition=day.isoformat(), metadata=told | common)
                )
            self._told.add((stream.name, day))

    def _tell_done(self, days: Sequence[date]) -> None:
        for stream in self._streams:
            if self._keys(stream):
                self.tell(stream, {day for day in days if self._is_done(stream, day)})

    def _is_done(self, stream: AnyStream, day: date) -> bool:
        having = [a for a in self._accounts if stream.name in a.streams and self._has(a, day)]
        results = [self._results.get((account.name, stream.name)) for account in having]
        return bool(results) and all(result and day in result.read for result in results)

    def _has(self, account: Account, day: date) -> bool:
        return account.start_date <= day <= business_day(self._began_at, account.timezone)
