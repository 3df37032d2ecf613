"""One window of one account's stream, from the vendor to the facts, complete or said why not.

Batches are committed as they come. The last one's transaction also moves the watermark and
judges the days: a worker killed before it leaves nothing that the next read doesn't mend.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.engine import Connection

from assets.loading.account_stream import AccountStream
from assets.loading.completeness import Doubt, FullRead
from assets.loading.day_state import close_days, count_days, open_day, resolve_bodies
from assets.loading.landing.commit import Finish, commit, land_alone
from assets.loading.landing.land import Landing
from assets.loading.landing.moves import Moves
from assets.loading.landing.observation import Observation, observations
from assets.loading.missing import ReadKeys, compare, note_missing
from assets.loading.result import Loaded
from assets.loading.stream_state import lock_stream, note_fields, note_success
from assets.loading.window.answers import Part, Read
from assets.loading.window.lease import Hold, ReadLease
from assets.loading.window.size import WindowSize
from resources.errors import (
    CallhouseError,
    ContractError,
    DeferredError,
    WindowTooLargeError,
)
from resources.postgres.warehouse import Warehouse, execute
from resources.vendor_api.client import Client
from resources.vendor_api.vendor import Stream
from resources.windows import Window, business_day, day_end, days_between, has_begun

BATCH = 2_500
"""Records a transaction: enough that the merge's fixed cost doesn't count, little memory."""
TICK = timedelta(microseconds=1)
READS = 3
"""How often a window is read before its total is called wrong."""


class WindowReader:
    """Reads windows of one account's stream with one client."""

    def __init__(
        self,
        warehouse: Warehouse,
        source: AccountStream[Stream],
        client: Client,
        clock: Callable[[], datetime],
        size: WindowSize,
        hold: Hold,
    ) -> None:
        self._warehouse = warehouse
        self._source = source
        self._account, self._stream = source.account, source.stream
        self._client = client
        self._clock = clock
        self._hold = hold
        self._size = size

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
        with self._hold(window.days, live) as lease:
            self._read(lease, window, loaded, live, until)

    def _read(
        self, lease: ReadLease, window: Window, loaded: Loaded, live: bool, until: float
    ) -> None:
        read_at = self._clock()
        self._client.http.begins()
        read = Read(lease.began_at, lease.id)
        landing = Landing(
            self._source,
            _days(window),
            self._warehouse.require_days,
        )
        batch: list[Observation] = []
        try:
            for observation in self._all(window, read, until):
                batch.append(observation)
                if len(batch) >= BATCH:
                    lease.check()
                    loaded.add(self._commit(landing, batch))
                    batch = []
        except CallhouseError:
            lease.check()
            loaded.add(self._commit(landing, batch))
            raise
        finally:
            loaded.by_day[_last_day(window)].requests += read.requests
            loaded.accepted |= read.requests > 0

        def finish(connection: Connection, loaded: Loaded) -> None:
            if landing.moves.open_days:
                self._count(connection, loaded)
            else:
                self._finish(connection, window, live, landing, read, read_at, loaded)

        lease.check()
        loaded.add(self._commit(landing, batch, finish))
        if landing.moves.open_days:
            self._look_back(lease, landing.moves, loaded, until)
            lease.check()
            loaded.add(self._commit(landing, [], finish))
        lease.is_over = True

    def _look_back(self, lease: ReadLease, moves: Moves, loaded: Loaded, until: float) -> None:
        """Reads the days that records seem to have left. Raises ContractError when one shows them
        still.
        """
        read, now = Read(lease.began_at, lease.id), self._clock()
        self._client.http.goes_on()
        try:
            for day in moves.open_days:
                if has_begun(day, self._account.timezone, now):
                    window = Window.of_days((day,), self._account.timezone, now)
                    for observation in self._observations(window, read, until):
                        moves.look(day, observation)
        finally:
            loaded.by_day[moves.open_days[-1]].requests += read.requests
        moves.decide()

    def _all(self, window: Window, read: Read, until: float) -> Iterator[Observation]:
        """Every record of the window. When some that are known aren't among them, and neither a
        total nor the last full read says that this is so, once more: an answer may have been cut
        short.
        """
        yield from self._observations(window, read, until)
        full = self._read_keys(window, read)
        if full.days and full.is_telling and not read.has_totals:
            found = self._warehouse.in_transaction(lambda c: compare(c, self._source, full))
            if not all(lack.is_noted for lack in found.lacks.values()):
                read.repeats = 0
                self._client.http.begins()
                try:
                    yield from self._observations(window, read, until)
                except DeferredError:
                    read.is_doubtful = True

    def _observations(self, window: Window, read: Read, until: float) -> Iterator[Observation]:
        """Every record of the window; where it is too much at once, of its halves."""
        halves = window.split()
        if halves is None or len(window.days) <= self._size.most_days:
            try:
                yield from self._reconciled(window, read)
                if window.days:
                    self._size.went_well(window)
                if len(window.days) == 1:
                    read.alone |= set(window.days)
                return
            except WindowTooLargeError as error:
                if halves is None or (self._stream.replaces and len(window.days) == 1):
                    raise WindowTooLargeError(
                        f"{error}; {window} can't be asked for in parts"
                    ) from None
                if window.days:
                    self._size.was_too_much(len(halves[1].days))
                if time.monotonic() > until:
                    raise
                if len(window.days) <= 1:  # of which nothing is learned for the next poll
                    self._client.http.goes_on()
        for half in halves:
            yield from self._observations(half, read, until)

    def _reconciled(self, window: Window, read: Read) -> Iterator[Observation]:
        """The window's records, read again when their number isn't what the vendor says.

        Rows that are as many as it says, and yet not as many records, may stand on two pages or
        may have been pushed over a page's end: halves tell, whose rows fit on a page at last.
        """
        day = business_day(window.start, window.timezone)
        for nth in range(READS):
            part = Part()
            if nth:
                self._client.http.begins()
            for page in self._stream.read(self._client, window):
                self._client.http.goes_on()
                read.requests += 1
                # Keys of aggregates aren't those that their client knows.
                part.look(page, None if self._stream.replaces else page.seen)
                for observation in observations(self._stream, page, day):
                    part.add(observation, read.seen)
                    yield observation
            if part.is_whole or (not window.days and part.only_grew):
                read.take(part)
                return
        if part.fills_its_total:
            raise WindowTooLargeError(
                f"{self._stream.name}: {part.rows} rows came, as many as the vendor counts, but "
                f"only {part.different} different ones: some stand on two pages"
            )
        told = " then ".join(map(str, dict.fromkeys(part.totals)))
        raise ContractError(
            f"{self._stream.name}: the vendor counts {told} records in {window}, but "
            f"{part.different} different ones came, read {READS} times; "
            "the window isn't complete and is read again later"
        )

    def _commit(
        self, landing: Landing, batch: Sequence[Observation], finish: Finish | None = None
    ) -> Loaded:
        def prepare(connection: Connection) -> None:
            lock_stream(connection, self._account, self._stream.name)

        if not batch and finish is None:
            return Loaded()
        return commit(self._warehouse, landing, batch, prepare, self._count, finish)

    def _count(self, connection: Connection, loaded: Loaded) -> None:
        count_days(connection, self._source, loaded.days, self._clock())
        self._tell_fields(connection, loaded)

    def _finish(
        self,
        connection: Connection,
        window: Window,
        live: bool,
        landing: Landing,
        read: Read,
        read_at: datetime,
        loaded: Loaded,
    ) -> None:
        """What is missing, the days and the watermark, in the last batch's transaction."""
        source, now = self._source, self._clock()
        where = source.where
        for observation in landing.decided():
            loaded.add(land_alone(connection, landing, observation))
        read.in_several_states = landing.in_several_states
        loaded.days |= resolve_bodies(connection, source, _days(window))
        later, doubts = set[date](), dict[date, Doubt]()
        if (full := self._read_keys(window, read)).days:
            doubts, later = note_missing(connection, source, full, now, loaded)
            landing.suppression.miss(connection, full.days, full.asked_at)
        if window.days:
            # What is kept although it didn't come includes what is wrong with it.
            shown = [day for day in window.days if day not in doubts]
            execute(connection, "load/resolve_unkeyed", days=shown,
                    digests=list(landing.unkeyed), **where)  # fmt: skip
        elif live:
            execute(connection, "load/reopen_gap", start=window.start, now=now,
                    timezone=source.account.timezone.key, **where)  # fmt: skip
        counts = count_days(connection, source, loaded.days | set(window.days), now)
        loaded.turned |= {day for day, count in counts.items() if count.is_first}
        odd = len(read.odd - landing.suppression.unkeyed)
        reading = FullRead(
            read_at=read_at,
            made_at=read_at - read.age,
            end=window.end,
            rejected=len(landing.rejected & read.seen) + odd,
            several_days=len(window.days) > 1,
            undated=len(landing.undated & landing.rejected & read.seen) + odd,
            disturbed=frozenset(later),
            is_overtaken=landing.is_overtaken,
            remarks=read.remarks_on(window),
            doubts=doubts,
            joined=frozenset(window.days) - read.alone,
        )
        counts_one_day = read.has_totals and len(window.days) == 1
        loaded.turned |= close_days(
            connection,
            source,
            {day: counts[day] for day in window.days},
            reading,
            (read.total, read.counted_repeats) if counts_one_day else (None, 0),
            read.asked_at,
            now,
        )
        last = _last_day(window)
        if last not in counts and open_day(connection, source, last, now):
            loaded.turned.add(last)
        made_at = (read_at - read.age).replace(microsecond=0)
        watermark = min(window.end, made_at) if live else None
        largest = self._client.largest.rows or None
        note_success(connection, source, now, watermark=watermark,
                           largest_page=largest, read=read.lease)  # fmt: skip
        self._tell_fields(connection, loaded)

    def _tell_fields(self, connection: Connection, loaded: Loaded) -> None:
        loaded.new_fields = note_fields(connection, self._source, loaded.new_fields)

    def _read_keys(self, window: Window, read: Read) -> ReadKeys:
        """The days of which the window shows all that there is. Of a day that goes on it may end,
        by clocks that differ, before what is known already. And what came without its key may be
        any of those that are looked for.
        """
        days = window.days
        if self._stream.live != "day":
            zone = self._account.timezone
            days = tuple(day for day in days if day_end(day, zone) <= window.end)
        return ReadKeys(
            days,
            read.seen,
            read.began_at,
            read.asked_at,
            is_confirmed=not read.is_doubtful,
            is_telling=read.odd <= read.namesakes,
        )


def _last_day(window: Window) -> date:
    return business_day(window.end - TICK, window.timezone)


def _days(window: Window) -> list[date]:
    return days_between(business_day(window.start, window.timezone), _last_day(window))
