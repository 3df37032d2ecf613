"""One window of one account's stream, from the vendor to the facts: all of it, or why not.

Batches are committed as they come. The last one's transaction also moves the watermark and
judges the days: what a killed worker leaves half done, the next read completes.
"""

import math
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from sqlalchemy.engine import Connection

from assets.loading.access import StreamAccess
from assets.loading.account_stream import AccountStream
from assets.loading.day_state import recount_days
from assets.loading.landing.commit import Committer, Finish
from assets.loading.landing.land import Landing
from assets.loading.result import Loaded, StateSum
from assets.loading.stream_state import lock_source, note_fields
from assets.loading.window.answers import WindowRead
from assets.loading.window.batches import Batch, BatchBuilder, KnownBatches, Piece
from assets.loading.window.close import Closing
from assets.loading.window.fetch import WindowFetcher
from assets.loading.window.size import WindowSize
from resources.errors import CallhouseError
from resources.vendor_api.vendor import Stream
from resources.windows import Window, has_begun

BATCH = 5_000
"""Records a transaction: enough that the merge's fixed cost doesn't count, little memory."""


class WindowReader:
    """Reads windows of one account's stream."""

    def __init__(self, access: StreamAccess[Stream], size: WindowSize) -> None:
        self._access = access
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
            read = WindowRead(window, lease, self._access.clock(), live, until)
            self._load(read, loaded)
            lease.is_over = True

    def _load(self, read: WindowRead, loaded: Loaded) -> None:
        """Once more from the beginning, where some of what came wasn't landed that is to be."""
        access = self._access
        batches = KnownBatches(access.warehouse, access.source, read.window)
        first = _WindowLoad(access, self._fetcher, read, batches, loaded)
        try:
            first.run()
        except CallhouseError:
            batches.distrust()
            raise
        if not first.is_lacking:
            return
        batches.forget()
        second = _WindowLoad(access, self._fetcher, read.anew(), batches, loaded)
        second.landing.changed |= first.landing.changed
        try:
            second.run()
        except CallhouseError:
            access.warehouse.run("load/reopen_window", days=list(read.window.days),
                                 now=access.clock(), **access.source.where)  # fmt: skip
            raise


class _WindowLoad:
    """What one read of a window shows, on its way into the tables."""

    def __init__(
        self,
        access: StreamAccess[Stream],
        fetcher: WindowFetcher,
        read: WindowRead,
        batches: KnownBatches,
        loaded: Loaded,
    ) -> None:
        self._source, self._clock, self._client = access.source, access.clock, access.client
        self._fetcher, self._read, self._loaded = fetcher, read, loaded
        warehouse = access.warehouse
        self.landing = Landing(self._source, read.touched_days, warehouse.require_days)
        # Not methods of its own: it would hold itself, and all that came, until it is collected.
        lock = partial(_lock, self._source)
        self._count: Finish = partial(_count, self._source, self._clock)
        self._commits = Committer(warehouse, self.landing, lock, self._count)
        self._batches = batches
        self.is_lacking = False
        """Whether some of what came wasn't landed that is to be: then nothing is judged."""
        self._is_repeated = False

    def run(self) -> None:
        """Lands all of it, judges its days, and moves the watermark."""
        self._land(self._fetcher.records(self._read))
        if self.is_lacking:
            return
        if self._is_repeated:
            self.landing.landed = StateSum()
            self._land(self._fetcher.again(self._read))
        if self.landing.moves.open_days:
            self._read_left_days()
            self._read.lease.check()
            self._loaded.add(self._commits.commit([], self._finish))

    def _land(self, pieces: Iterator[Piece]) -> None:
        self._commit(self._land_all_but_last(pieces), self._finish)

    def _land_all_but_last(self, pieces: Iterator[Piece]) -> Batch:
        """Lands what comes, batch by batch; returns the last one, which isn't landed yet."""
        builder = BatchBuilder(BATCH)
        read, http = self._read, self._client.http
        self._fetcher.begin()
        try:
            with http.in_a_row():
                for piece in pieces:
                    for batch in builder.add(piece):
                        http.let_go()
                        self._commit(batch)
        except CallhouseError:
            read.lease.check()
            if builder.rest.observations:
                self._commit(builder.rest)
            raise
        finally:
            self._loaded.by_day[read.last_day].requests += read.requests
            self._loaded.accepted |= read.requests > 0
            read.requests = 0
        return builder.rest

    def _commit(self, batch: Batch, finish: Finish | None = None) -> None:
        """Lands the batch, unless it was before; with `finish` it is the read's last one."""

        def end(connection: Connection, loaded: Loaded) -> None:
            self._batches.note(batch, loaded)
            (finish or self._count)(connection, loaded)

        self._read.lease.check()
        if (known := self._batches.again(batch)) is None:
            self._loaded.add(self._commits.commit(batch.observations, end))
            return
        self._loaded.add(known)
        self.landing.landed.add(known.states)
        if finish:
            self._loaded.add(self._commits.commit([], finish))

    def _finish(self, connection: Connection, loaded: Loaded) -> None:
        """Closes the window, in the last batch's transaction; or finds that it must be read again,
        or other days first.
        """
        read, landing, batches = self._read, self.landing, self._batches
        largest = self._client.largest.rows or None
        closing = Closing(self._source, read, landing, batches, largest, self._clock())
        found = closing.compare(connection)
        self.is_lacking = batches.are_lost(found, landing.suppression.is_on)
        self._is_repeated = read.is_to_be_repeated(found)
        if self.is_lacking:
            batches.drop(connection)
        if self.is_lacking or self._is_repeated or landing.moves.open_days:
            self._count(connection, loaded)
        else:
            closing.close(connection, loaded, found)

    def _read_left_days(self) -> None:
        """Reads the days that records seem to have left. Raises ContractError when one shows them
        still.
        """
        zone, now, moves = self._source.account.timezone, self._clock(), self.landing.moves
        self._client.http.continue_window()
        for day in moves.open_days:
            if has_begun(day, zone, now):
                window = Window.of_days((day,), zone, now)
                other = WindowRead(window, self._read.lease, now, until=self._read.until)
                try:
                    for piece in self._fetcher.window(window, other):
                        for observation in piece.observations:
                            moves.add(day, observation)
                finally:
                    last = self._loaded.by_day[moves.open_days[-1]]
                    last.requests += other.requests
        moves.decide()


def _lock(source: AccountStream[Stream], connection: Connection) -> None:
    lock_source(connection, source)


def _count(
    source: AccountStream[Stream],
    clock: Callable[[], datetime],
    connection: Connection,
    loaded: Loaded,
) -> None:
    recount_days(connection, source, loaded, clock())
    loaded.new_fields = note_fields(connection, source, loaded.new_fields)
