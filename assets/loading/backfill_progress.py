"""How far backfills have come: in `ops.backfills` for everybody, in words for the run's log."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from assets.loading.account_stream import AccountStream
from assets.loading.context import LoadContext
from resources.account import Account
from resources.http.permits import REASONS, Wait
from resources.vendor_api.vendor import AnyStream

TURNS = 3.0
"""Every third turn of a report is a backfill's at least (`sql/functions/acquire_permit.sql`)."""


def turn_s(account: Account) -> float:
    """Seconds from one of a backfill's requests to its next, where the vendor wants a pause between
    two of a report and the account's polls take turns, too. (The limiter lets a backfill have every
    third, however often it is polled.)
    """
    spacing_s = account.limits.min_interval_s
    polls = spacing_s / account.poll_every.total_seconds()
    return spacing_s * min(TURNS, 1 / (1 - polls) if polls < 1 else TURNS)


class BackfillProgress:
    """Follows the backfills of one run. Limits make them slow: `waits` says what for."""

    def __init__(self, context: LoadContext) -> None:
        self._warehouse = context.warehouse
        self._run_id = context.run_id or ""
        self._say = context.say

    @contextmanager
    def follow(
        self, source: AccountStream[AnyStream], days: Sequence[date], windows: int
    ) -> Iterator[Callable[[int], None]]:
        """Follows one backfill for a block, which calls what it is given with how many more of the
        windows have been read.
        """
        if not windows:
            yield lambda _: None
            return
        where = self._where(source.account, source.stream.name)
        self._warehouse.run(
            "load/begin_backfill",
            windows=windows,
            days=len(days),
            first_day=min(days),
            last_day=max(days),
            parent=source.stream.parent,
            turn_s=turn_s(source.account),
            **where,
        )
        try:
            yield lambda done: self._warehouse.run("load/note_backfill", done=done, **where)
        finally:
            self._warehouse.run("load/end_backfill", **where)

    def waits(self, wait: Wait) -> None:
        """Says what is waited for, until when, and when all will be done."""
        account, zone = wait.account, wait.account.timezone
        text = (
            f"{account.name}: waiting until about {wait.until.astimezone(zone):%H:%M %Z} for "
            f"{wait.report} ({wait.reason}: {REASONS[wait.reason]})"
        )
        where = self._where(account, wait.stream)
        self._warehouse.run("load/note_backfill", done=0, **where)
        for row in self._warehouse.rows("load/backfill_to_go", **where):
            text += f"; {row.to_go} days to go"
            if row.expected_at:
                done_at = max(row.expected_at, wait.until).astimezone(zone)
                text += f", done about {done_at:%Y-%m-%d %H:%M %Z}"
        self._say(text)

    def _where(self, account: Account, stream: str) -> dict[str, Any]:
        return {"account": account.name, "stream": stream, "run_id": self._run_id}
