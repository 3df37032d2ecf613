"""A window's records as the vendor sends them: asked for again, or in parts, until they add up."""

import time
from collections.abc import Iterator
from itertools import islice

from assets.loading.access import StreamAccess
from assets.loading.landing.observation import observations
from assets.loading.window.answers import Part, WindowRead
from assets.loading.window.batches import Piece
from assets.loading.window.size import WindowSize
from resources.errors import (
    ContractError,
    DeferredError,
    PerhapsCutOffError,
    WindowTooLargeError,
)
from resources.vendor_api.vendor import Page, Stream
from resources.windows import Window, business_day

READS = 3
"""How often a window is read before its total is called wrong."""
AT_ONCE = 500
"""Records that are handed on together: of a long answer more aren't made at a time."""


class WindowFetcher:
    """Asks one account's stream for windows."""

    def __init__(self, access: StreamAccess[Stream], size: WindowSize) -> None:
        self._access = access
        self._stream = access.source.stream
        self._client = access.client
        self._size = size

    def begin(self) -> None:
        """A window begins: it may be put off before its first answer."""
        self._client.http.begin_window()

    def records(self, read: WindowRead) -> Iterator[Piece]:
        """Every record of the window, some hundreds at a time."""
        yield from self.window(read.window, read)
        self._client.http.let_go()
        read.require_no_others()

    def again(self, read: WindowRead) -> Iterator[Piece]:
        """The same once more, as far as limits let it be asked for."""
        read.is_second, read.repeats = True, 0
        try:
            yield from self.records(read)
        except DeferredError:
            read.is_doubtful = True

    def window(self, window: Window, read: WindowRead) -> Iterator[Piece]:
        """Every record of the window, or of a part of it: of its halves, where it is too much."""
        halves = window.split()
        if halves is None or len(window.days) <= self._size.most_days:
            try:
                yield from self._whole(window, read)
            except WindowTooLargeError as error:
                self._require_halves(window, read, error)
                if isinstance(error, PerhapsCutOffError) and error.middle:
                    halves = window.split_at(error.middle) or halves
            else:
                if window.days:
                    self._size.went_well(window)
                if len(window.days) == 1:
                    read.alone |= set(window.days)
                return
        for half in halves or ():
            yield from self.window(half, read)

    def _require_halves(self, window: Window, read: WindowRead, error: WindowTooLargeError) -> None:
        """Raises WindowTooLargeError where halves can't be asked for, or not any more."""
        halves = window.split()
        if halves is None or (self._stream.replaces and len(window.days) == 1):
            raise WindowTooLargeError(f"{error}; {window} can't be asked for in parts") from None
        if window.days:
            self._size.was_too_much(len(halves[1].days))
        if time.monotonic() > read.until:
            raise error
        if len(window.days) <= 1:  # of which nothing is learned for the next poll
            self._client.http.continue_window()

    def _pages(self, window: Window, read: WindowRead) -> Iterator[Page]:
        """The stream's pages. Whether the shortest window was cut off shows when all is read."""
        try:
            yield from self._stream.read(self._client, window)
        except PerhapsCutOffError as error:
            if window.split():
                raise
            read.perhaps_cut_off = error

    def _whole(self, window: Window, read: WindowRead) -> Iterator[Piece]:
        """The window's records, read again when their number isn't what the vendor says.

        Rows that are as many as it says, and yet not as many records, may stand on two pages or
        may have been pushed over a page's end: halves tell, whose rows fit on a page at last.
        """
        day = business_day(window.start, window.timezone)
        for nth in range(READS):
            part = Part()
            if nth:
                self.begin()
            for page in self._pages(window, read):
                self._client.http.continue_window()
                read.requests += 1
                # Keys of aggregates aren't those that their client knows.
                part.begin_page(page, None if self._stream.replaces else page.seen)
                found, at = observations(self._stream, page, day), 0
                while some := list(islice(found, AT_ONCE)):
                    part.add(some, read.seen)
                    read.came += len(some)
                    yield Piece(some, page.digest and f"{page.digest}+{at}")
                    at += len(some)
            if part.is_whole or (not window.days and part.only_grew):
                read.add(part)
                return
        if part.fills_its_total:
            raise WindowTooLargeError(
                f"{self._stream.name}: {part.rows} rows came, as many as the vendor counts, but "
                f"only {part.different} different ones: some stand on two pages"
            )
        totals = " then ".join(map(str, dict.fromkeys(part.totals)))
        raise ContractError(
            f"{self._stream.name}: the vendor counts {totals} records in {window}, but "
            f"{part.different} different ones came, read {READS} times; "
            "the window isn't complete and is read again later"
        )
