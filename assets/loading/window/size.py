"""How many days one request may cover: as the limits say, or fewer where more proved too much; and
how much time a piece of a catch-up.

What is learned is for later windows and later runs, until enough of them have gone well: then twice
as many days are tried again, each time that this was wrong after twice as many good ones.
"""

from datetime import timedelta
from typing import Any

from assets.loading.account_stream import AccountStream
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.vendor import Stream
from resources.windows import Window, day_end


class WindowSize:
    """Of one account's stream, in all threads of a run. `learned` is what is known before it."""

    def __init__(
        self, warehouse: Warehouse, source: AccountStream[Stream], learned: int | None
    ) -> None:
        self._warehouse = warehouse
        self._source = source
        self._account = source.account
        self._learned = learned

    @property
    def most_days(self) -> int:
        """So many days may be asked for at once."""
        allowed = self._account.limits.max_window_days
        return min(allowed, self._learned or allowed)

    def was_too_much(self, days: int) -> None:
        """More days than these were too much."""
        self._learned = min(self.most_days, days)
        self._run("load/note_window", vendor=self._account.vendor, days=days)

    def went_well(self, window: Window) -> None:
        """The window was read. Counts where it was as large as what was learned allows."""
        if self._learned is None or len(window.days) < self._learned:
            return
        if window.end < day_end(window.days[-1], window.timezone):
            return  # a part of a day proves nothing
        for row in self._run(
            "load/grow_window", days=self._learned, most=self._account.limits.max_window_days
        ):
            self._learned = row.window_days

    def note_piece(self, length: timedelta) -> None:
        """The next catch-up begins with a piece of this length."""
        self._warehouse.run("load/note_piece", piece_s=length.total_seconds(), **self._source.where)

    def _run(self, statement: str, **parameters: Any) -> list[Any]:
        return self._warehouse.rows(statement, **parameters, **self._source.where)
