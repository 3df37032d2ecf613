"""How far backfills have come: in `ops.backfills` for everybody, in words for the run's log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from resources.account import Account
from resources.permits import REASONS, Wait
from resources.vendor import AnyStream
from resources.warehouse import Warehouse

Say = Callable[[str], None]
"""Takes a sentence, in any thread."""


class Pace:
    """Follows the backfills of one run. Limits make them slow: `waits` tells what for."""

    def __init__(self, warehouse: Warehouse, run_id: str | None, say: Say) -> None:
        self._warehouse = warehouse
        self._run_id = run_id or ""
        self._say = say

    @contextmanager
    def follow(
        self, account: Account, stream: AnyStream, windows: int
    ) -> Iterator[Callable[[], None]]:
        """Follows one backfill for a block, which calls what it is given after each window."""
        where = self._where(account, stream.name)
        spacing_s = account.limits.min_interval_s
        self._warehouse.run("load/begin_backfill", windows=windows, spacing_s=spacing_s, **where)
        try:
            yield lambda: self._warehouse.run("load/note_backfill", done=1, **where)
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
        for row in self._warehouse.rows("load/note_backfill", done=0, **where):
            text += (
                f"; {row.to_go} windows to go, done about "
                f"{max(row.expected_at, wait.until).astimezone(zone):%Y-%m-%d %H:%M %Z}"
            )
        self._say(text)

    def _where(self, account: Account, stream: str) -> dict[str, Any]:
        return {"account": account.name, "stream": stream, "run_id": self._run_id}
