"""One window of one account's stream, from the vendor to the facts: all of it, or why not.

Batches are committed as they come. The last one's transaction also moves the watermark and
judges the days: what a killed worker leaves half done, the next read completes.
"""

import math
from collections.abc import Callable, Iterator

from sqlalchemy.engine import Connection

from assets.loading.access import StreamAccess
from assets.loading.day_state import recount_days
from assets.loading.landing.commit import Committer, Finish
from assets.loading.landing.land import Landing
from assets.loading.landing.moves import Moves
from assets.loading.result import Loaded, StateSum
from assets.loading.stream_state import lock_streams, note_fields
from assets.loading.window.answers import WindowRead
from assets.loading.window.batches import Batch, Batcher, KnownBatches, Piece
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
        batches = KnownBatches(self._warehouse, self._source, read.window)
        is_repeated = False

        def finish(connection: Connection, loaded: Loaded) -> None:
            nonlocal is_repeated
            largest = self._access.client.largest.rows or None
            closing = Closing(self._source, read, landing, batches, largest, self._clock())
            found = closing.compare(connection)
            is_repeated = read.is_to_be_repeated(found) or batches.are_lost(found)
            if is_repeated or landing.moves.open_days:
                self._count(connection, loaded)
            else:
                closing.close(connection, loaded, found)

        def commit(batch: Batch, last: Finish | None = None) -> None:
            def end(connection: Connection, loaded: Loaded) -> None:
                batches.note(batch, loaded)
                (last or self._count)(connection, loaded)

            read.lease.check()
            if (known := batches.again(batch)) is None:
                loaded.add(commits.commit(batch.observations, end))
                return
            loaded.add(known)
            landing.landed.add(known.states)
            if last:
                loaded.add(commits.commit([], last))

        def land(pieces: Iterator[Piece]) -> None:
            commit(self._land_all_but_last(read, pieces, commit, loaded), finish)

        land(self._fetcher.records(read))
        if is_repeated:
            batches.forget()
            landing.landed = StateSum()
            land(self._fetcher.again(read))
        if landing.moves.open_days:
            self._read_left_days(read, landing.moves, loaded)
            read.lease.check()
            loaded.add(commits.commit([], finish))

    def _land_all_but_last(
        self,
        read: WindowRead,
        pieces: Iterator[Piece],
        commit: Callable[[Batch], None],
        loaded: Loaded,
    ) -> Batch:
        """Lands what comes, batch by batch; returns the last one, which isn't landed yet."""
        batcher = Batcher(BATCH)
        http = self._access.client.http
        self._fetcher.begin()
        try:
            with http.in_a_row():
                for piece in pieces:
                    for batch in batcher.add(piece):
                        http.let_go()
                        commit(batch)
        except CallhouseError:
            read.lease.check()
            if batcher.rest.observations:
                commit(batcher.rest)
            raise
        finally:
            loaded.by_day[read.last_day].requests += read.requests
            loaded.accepted |= read.requests > 0
            read.requests = 0
        return batcher.rest

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
                    for piece in self._fetcher.window(window, other):
                        for observation in piece.observations:
                            moves.add(day, observation)
                finally:
                    loaded.by_day[moves.open_days[-1]].requests += other.requests
        moves.decide()

    def _lock(self, connection: Connection) -> None:
        lock_streams(connection, self._source.account.name, self._source.stream)

    def _count(self, connection: Connection, loaded: Loaded) -> None:
        recount_days(connection, self._source, loaded, self._clock())
        loaded.new_fields = note_fields(connection, self._source, loaded.new_fields)
