"""One run over a vendor's streams: a poll, a backfill or a rebuild, and what is told of it."""

from collections.abc import Iterator, Sequence
from datetime import date

import dagster as dg

from assets import checks
from assets.keys import facts_key, raw_key
from assets.loading.load import Loader
from assets.loading.result import Result, Watch
from assets.materialisations import Materialisations
from assets.partitions import partition_days
from assets.resource import KIND_TAG, POLL, CallhouseResource
from resources.account import Account
from resources.errors import ClockError
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.vendor import AnyStream, Vendor


class VendorRun:
    """A run over some of the vendor's `streams`. `watch` is shown what becomes of it."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        callhouse: CallhouseResource,
        warehouse: Warehouse,
        vendor: Vendor,
        streams: Sequence[AnyStream],
        watch: Watch | None = None,
    ) -> None:
        self._context = context
        self._callhouse = callhouse
        self._warehouse = warehouse
        self._vendor = vendor
        self._streams = streams
        self._watch = watch
        self._is_poll = context.run.tags.get(KIND_TAG) == POLL
        self._days = partition_days(context.partition_keys)
        selected = context.selected_asset_keys
        self._read = [s for s in streams if raw_key(vendor, s) in selected]
        self._rebuild = [
            s for s in streams if facts_key(vendor, s) in selected and s not in self._read
        ]

    def planned_checks(self) -> Iterator[dg.AssetCheckResult]:
        """How the checks stand that the run's plan has, before it does anything."""
        accounts = self._callhouse.accounts(self._vendor.name, {})
        for stream in self._streams:
            yield from checks.planned(
                self._context, self._warehouse, self._vendor, stream, accounts
            )

    def load(self, accounts: Sequence[Account]) -> None:
        """Loads the accounts, and tells Dagster what became of it.

        Raises Failure when a backfill failed anywhere: what others have read is told all the same.
        """
        materialisations = Materialisations(
            self._context, self._warehouse, self._vendor, self._streams, accounts, self._keys
        )
        results = self._load(accounts, materialisations)
        everybody = self._callhouse.accounts(self._vendor.name, {})
        for stream in self._streams:
            mine = [result for result in results if result.stream == stream.name]
            if self._is_poll:
                materialisations.tell_changes(stream)
            checks.tell(self._context, self._warehouse, self._vendor, stream, everybody, mine)
        if not self._is_poll:
            self._tell_trouble(results)

    def _load(
        self, accounts: Sequence[Account], materialisations: Materialisations
    ) -> list[Result]:
        def look(result: Result) -> None:
            materialisations.note(result)
            if self._watch:
                self._watch(result)

        def work() -> list[Result]:
            if self._is_poll:
                return loader.poll(accounts, self._read)
            done = loader.backfill(accounts, self._read, self._days) if self._read else []
            if self._rebuild:
                done += loader.rebuild(accounts, self._rebuild, self._days)
            return done

        run_id, say = self._context.run.run_id, self._context.log.info
        loader = Loader(self._warehouse, self._vendor, run_id, look, say=say)
        try:
            return materialisations.follow(loader, work, () if self._is_poll else self._days)
        except ClockError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        finally:
            loader.close()

    def _keys(self, stream: AnyStream) -> list[dg.AssetKey]:
        """The stream's assets that the run is about."""
        keys = (raw_key(self._vendor, stream), facts_key(self._vendor, stream))
        return [key for key in keys if key in self._context.selected_asset_keys]

    def _tell_trouble(self, results: Sequence[Result]) -> None:
        """What a backfill didn't read: a limit says when it may, or it fails."""
        for result in results:
            put_off: dict[str, list[date]] = {}
            for day, (kind, reason) in result.trouble.items():
                if kind == "deferred":
                    put_off.setdefault(reason, []).append(day)
            for reason, days in put_off.items():
                self._context.log.warning(
                    "%s %s: not read, and left to the polls: %s: %s",
                    result.account, result.stream, ", ".join(map(str, sorted(days))), reason,
                )  # fmt: skip
        failed = [result for result in results if result.state in ("failed", "stopped")]
        if failed:
            raise dg.Failure(
                "\n".join(sorted({str(result.error) for result in failed})), allow_retries=False
            )
