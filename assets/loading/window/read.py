"""One window of one account's stream, from the vendor to the facts: all of it, or why not.

Batches are committed as they come. The last one's transaction also moves the watermark and
judges the days: what a killed worker leaves half done, the next read completes.
"""

import math
from collections.abc import Iterator
from itertools import chain

from sqlalchemy.engine import Connection

from assets.loading.access import StreamAccess
from assets.loading.day_state import recount_days
from assets.loading.landing.commit import Committer
from assets.loading.landing.land import Landing
from assets.loading.landing.moves import Moves
from assets.loading.landing.observation import Observation
from assets.loading.result import Loaded
from assets.loading.stream_state import lock_streams, note_fields
from assets.loading.window.answers import WindowRead
from assets.loading.window.close import Closing
from assets.loading.window.fetch import WindowFetcher
from assets.loading.window.size import WindowSize
from resources.errors import CallhouseError
from resources.vendor_api.vendor import Stream
from resources.windows import Window, has_begun

BATCH = 2_500
"""Records a transaction: enough that the merge's fixed cost doesn't count, little memory."""


class WindowReader:
    """Reads windows of one account's stream."""

    def __init__(self, access: StreamAccess[Stream], size: WindowSize) -> None:
        self._access = access
        self._source = access.source
        self._warehouse = access.warehouse
        self._clock = access.clock
        self._fetcher = WindowFetcher(access, size)

    def read(
        self, window: Window, loaded: Loaded, live: bool = False, until: float = math.inf
    ) -> None:
        """Reads the window whole, as its only reader; `live` moves the watermark to its end. What
        became of it adds up in `loaded`, batch by batch. After `until` (by `time.monotonic`) a
        window that is too large isn't split on.

        Raises what the vendor's client raises, and ContractError when fewer records came than
        the vendor itself counts; whatever came is in the tables then. Raises DeferredError when
        another run reads the window, and StoppedError when this one ends.
        """
        with self._access.hold(window.days, live) as lease:
            self._read(WindowRead(window, lease, self._clock(), live, until), loaded)
            lease.is_over = True

    def _read(self, read: WindowRead, loaded: Loaded) -> None:
        landing = Landing(self._source, read.touched_days, self._warehouse.require_days)
        commits = Committer(self._warehouse, landing, self._lock, self._count)
        is_repeated = False

        def finish(connection: Connection, loaded: Loaded) -> None:
            nonlocal is_repeated
            largest = self._access.client.largest.rows or None
            closing = Closing(self._source, read, landing, largest, self._clock())
            found = closing.compare(connection)
            is_repeated = read.is_to_be_repeated(found)
            if is_repeated or landing.moves.open_days:
                self._count(connection, loaded)
            else:
                closing.close(connection, loaded, found)

        def land(records: Iterator[list[Observation]]) -> None:
            last_batch = self._land_all_but_last(read, records, commits, loaded)
            read.lease.check()
            loaded.add(commits.commit(last_batch, finish))

        land(self._fetcher.records(read))
        if is_repeated:
            land(self._fetcher.again(read))
        if landing.moves.open_days:
            self._read_left_days(read, landing.moves, loaded)
            read.lease.check()
            loaded.add(commits.commit([], finish))

    def _land_all_but_last(
        self,
        read: WindowRead,
        records: Iterator[list[Observation]],
        commits: Committer,
        loaded: Loaded,
    ) -> list[Observation]:
        """Lands what comes, batch by batch; returns the last one, which isn't landed yet."""
        batch: list[Observation] = []
        http = self._access.client.http
        self._fetcher.begin()
        try:
            with http.in_a_row():
                for some in records:
                    batch += some
                    while len(batch) >= BATCH:
                        read.lease.check()
                        http.let_go()
                        full, batch = batch[:BATCH], batch[BATCH:]
                        loaded.add(commits.commit(full))
        except CallhouseError:
            read.lease.check()
            if batch:
                loaded.add(commits.commit(batch))
            raise
        finally:
            loaded.by_day[read.last_day].requests += read.requests
            loaded.accepted |= read.requests > 0
            read.requests = 0
        return batch

    def _read_left_days(self, read: WindowRead, moves: Moves, loaded: Loaded) -> None:
        """Reads the days that records seem to have left. Raises ContractError when one shows them
        still.
        """
        zone, now = self._source.account.timezone, self._clock()
        self._access.client.http.continue_window()
        for day in moves.open_days:
            if has_begun(day, zone, now):
                window = Window.of_days((day,), zone, now)
                other = WindowRead(window, read.lease, now, until=read.until)
                try:
                    for observation in chain.from_iterable(self._fetcher.window(window, other)):
                        moves.add(day, observation)
                finally:
                    loaded.by_day[moves.open_days[-1]].requests += other.requests
        moves.decide()

    def _lock(self, connection: Connection) -> None:
        lock_streams(connection, self._source.account.name, self._source.stream)

    def _count(self, connection: Connection, loaded: Loaded) -> None:
        recount_days(connection, self._source, loaded, self._clock())
        loaded.new_fields = note_fields(connection, self._source, loaded.new_fields)
