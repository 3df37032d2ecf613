"""One run over a vendor's streams: a poll, a backfill or a rebuild, and its report to Dagster."""

from collections.abc import Iterator, Sequence
from datetime import date

import dagster as dg

from assets.checks import StreamChecks
from assets.loading.context import Watch
from assets.loading.load import Loader
from assets.loading.result import Result
from assets.materialisations import Materialisations
from assets.resource import CallhouseResource
from assets.run_scope import RunScope
from resources.account import Account
from resources.errors import ClockError

LEFT = {
    "deferred": "not read, and left to the polls",
    "unread": "not read",
    "kept": "not rebuilt",
}
"""What becomes of days for which a run doesn't fail, by the kind of their trouble."""


class VendorRun:
    """A run over some of a vendor's streams. `watch` is shown what becomes of it."""

    def __init__(
        self, scope: RunScope, callhouse: CallhouseResource, watch: Watch | None = None
    ) -> None:
        self._scope = scope
        self._context = scope.context
        self._callhouse = callhouse
        self._watch = watch

    def planned_checks(self) -> Iterator[dg.AssetCheckResult]:
        """How the checks stand that the run's plan has, before it does anything."""
        for checks in self._checks():
            yield from checks.planned(self._context)

    def load(self, accounts: Sequence[Account]) -> None:
        """Loads the accounts, and reports to Dagster what became of it.

        Raises Failure when a backfill failed anywhere: what others have read is reported all the
        same.
        """
        materialisations = Materialisations(self._scope, accounts)
        results = self._load(accounts, materialisations)
        for checks in self._checks():
            if self._scope.is_poll:
                materialisations.report_changes(checks.stream)
            checks.report(
                self._context, [one for one in results if one.stream == checks.stream.name]
            )
        if not self._scope.is_poll:
            self._require_somebody()
            self._report_trouble(results)

    def _checks(self) -> list[StreamChecks]:
        """Of each of the streams, for all of the vendor's accounts."""
        scope, everybody = self._scope, self._callhouse.accounts(self._scope.vendor.name, {})
        return [
            StreamChecks(scope.warehouse, scope.vendor, stream, everybody)
            for stream in scope.streams
        ]

    def _load(
        self, accounts: Sequence[Account], materialisations: Materialisations
    ) -> list[Result]:
        scope = self._scope
        read, rebuilt, days = scope.read, scope.rebuilt, scope.days

        def watch(result: Result) -> None:
            materialisations.update(result)
            if self._watch:
                self._watch(result)

        def work() -> list[Result]:
            if scope.is_poll:
                return loader.poll(accounts, read)
            done = loader.backfill(accounts, read, days) if read else []
            if rebuilt:
                done += loader.rebuild(accounts, rebuilt, days)
            return done

        say = self._context.log.info
        loader = Loader(scope.warehouse, scope.vendor, scope.run_id, watch, say=say)
        try:
            return materialisations.follow(loader, work, () if scope.is_poll else days)
        except ClockError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        finally:
            loader.close()

    def _require_somebody(self) -> None:
        """Raises Failure where none of the vendor's accounts has its secrets at hand: nothing was
        read. That all have left since Dagster read the file is no failure.
        """
        vendor, settings = self._scope.vendor, self._callhouse.settings()
        known = self._callhouse.settings(needs_secrets=False).accounts.values()
        having = {account.vendor for account in settings.accounts.values()}
        if vendor.name not in having and any(a.vendor == vendor.name for a in known):
            why = "; ".join(settings.sentences())
            raise dg.Failure(f"no account of {vendor.title}: {why}", allow_retries=False)

    def _report_trouble(self, results: Sequence[Result]) -> None:
        """What a backfill didn't read, as a limit says when it may, or a rebuild can't make; and
        what failed.
        """
        for result in results:
            left: dict[tuple[str, str], list[date]] = {}
            for day, (kind, reason) in result.trouble.items():
                if kind in LEFT:
                    left.setdefault((LEFT[kind], reason), []).append(day)
            for (what, reason), days in left.items():
                self._context.log.warning(
                    "%s %s: %s: %s: %s",
                    result.account, result.stream, what, ", ".join(map(str, sorted(days))), reason,
                )  # fmt: skip
        failed = [result for result in results if result.state in ("failed", "stopped")]
        if failed:
            raise dg.Failure(
                "\n".join(sorted({str(result.error) for result in failed})), allow_retries=False
            )
