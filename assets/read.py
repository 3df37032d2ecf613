"""One window of one account's stream, from the vendor to the facts, complete or said why not.

Batches are committed as they come. The last one's transaction also moves the watermark and
judges the days: a worker killed before it leaves nothing that the next read doesn't mend.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.engine import Connection

from assets import books
from assets.land import TABLES_OF, Landing, Sighting, Tally
from resources.account import Account
from resources.client import Client
from resources.errors import ContractError, WindowTooLargeError
from resources.vendor import Stream
from resources.warehouse import Warehouse, copy_rows, execute
from resources.windows import Window, business_day

BATCH = 5_000
"""Records a transaction: enough that the merge's fixed cost doesn't count, little memory."""
TICK = timedelta(microseconds=1)
READS = 3
"""How often a window is read before its total is called wrong."""


@dataclass(slots=True)
class _Reading:
    """What has been read of a window so far, over all its pages and parts."""

    total: int | None = None
    requests: int = 0
    first_observed: datetime | None = None
    smallest_days: int | None = None
    """The most days that one request could cover after a larger one failed."""


class WindowReader:
    """Reads windows of one account's stream with one client."""

    def __init__(
        self, warehouse: Warehouse, account: Account, stream: Stream, client: Client
    ) -> None:
        self._warehouse = warehouse
        self._account = account
        self._stream = stream
        self._client = client

    def read(self, window: Window, tally: Tally, live: bool = False) -> None:
        """Reads the window whole; `live` moves the watermark to its end. What became of it adds
        up in `tally`, batch by batch.

        Raises what the vendor's client raises, and ContractError when fewer records came than
        the vendor itself counts; whatever came is in the tables then.
        """
        landing = Landing(
            self._account,
            self._stream,
            business_day(window.start, window.timezone),
            self._warehouse.make_days,
        )
        reading = _Reading()
        batch: list[Sighting] = []
        try:
            for sighting in self._sightings(window, reading):
                batch.append(sighting)
                if len(batch) >= BATCH:
                    tally.add(self._land(landing, batch))
                    batch = []
        except BaseException:
            tally.add(self._land(landing, batch))
            raise
        finally:
            tally.by_day[_last_day(window)].requests += reading.requests
        tally.add(self._finish(window, live, landing, reading, tally, batch))

    def _sightings(self, window: Window, reading: _Reading) -> Iterator[Sighting]:
        """Every record of the window; where it is too much at once, of its halves."""
        try:
            yield from self._reconciled(window, reading)
        except WindowTooLargeError:
            halves = window.split()
            if halves is None or (self._stream.replaces and len(window.days) == 1):
                raise
            reading.smallest_days = max(1, len(halves[1].days))
            for half in halves:
                yield from self._sightings(half, reading)

    def _reconciled(self, window: Window, reading: _Reading) -> Iterator[Sighting]:
        """The window's records, read again when their number isn't what the vendor says."""
        for _ in range(READS):
            seen: set[str] = set()
            odd = 0
            totals: set[int] = set()
            for page in self._stream.read(self._client, window):
                reading.requests += 1
                reading.first_observed = reading.first_observed or page.observed_at
                if page.total is not None:
                    totals.add(page.total)
                for record in page.records:
                    key = self._stream.key(record) if isinstance(record, dict) else None
                    if key is None:
                        odd += 1
                    else:
                        seen.add(key)
                    yield Sighting(record, page.request_id, page.observed_at)
            if not totals:
                return
            if totals == {len(seen) + odd}:
                reading.total = (reading.total or 0) + totals.pop()
                return
        told = " then ".join(map(str, sorted(totals)))
        raise ContractError(
            f"{self._stream.name}: the vendor counts {told} records in {window}, but "
            f"{len(seen) + odd} different ones came, read {READS} times; "
            "the window isn't complete and is read again later"
        )

    def _land(self, landing: Landing, batch: list[Sighting]) -> Tally:
        def work(connection: Connection) -> Tally:
            books.lock(connection, self._account, self._stream)
            tally = landing.land(connection, batch)
            books.count_days(connection, self._account, self._stream, tally.days)
            return tally

        return self._warehouse.in_transaction(work) if batch else Tally()

    def _finish(
        self,
        window: Window,
        live: bool,
        landing: Landing,
        reading: _Reading,
        before: Tally,
        batch: list[Sighting],
    ) -> Tally:
        """The last batch, what is missing, the days and the watermark: one transaction."""

        def work(connection: Connection) -> Tally:
            books.lock(connection, self._account, self._stream)
            tally = landing.land(connection, batch)
            if window.days and reading.first_observed:
                self._mark_missing(connection, window, landing, reading.first_observed, tally)
            days = tally.days | set(window.days) | {_last_day(window)}
            counts = books.count_days(connection, self._account, self._stream, days)
            total = reading.total if len(window.days) == 1 else None
            tally.turned = books.close_days(
                connection, self._account, self._stream, window, counts, total
            )
            tally.turned |= {day for day, count in counts.items() if count.is_first}
            books.note_success(
                connection,
                self._account,
                self._stream,
                watermark=window.end if live else None,
                next_due_at=datetime.now(UTC) + self._account.poll_every if live else None,
                fields=before.new_fields | tally.new_fields,
                window_days=reading.smallest_days,
            )
            return tally

        return self._warehouse.in_transaction(work)

    def _mark_missing(
        self,
        connection: Connection,
        window: Window,
        landing: Landing,
        observed_at: datetime,
        tally: Tally,
    ) -> None:
        """What this full read no longer returned; an answer of its own time can't judge later
        ones."""
        where = {"account": self._account.name, "stream": self._stream.name}
        days = list(window.days)
        scope = self._account.options.model_dump_json()
        execute(connection, "load/note_scope", vendor=self._account.vendor, scope=scope, **where)
        execute(connection, "load/stages")
        copy_rows(connection, "stage_seen", ("record_key",), ((key,) for key in landing.seen))
        gone = execute(
            connection, "load/mark_missing_heads", days=days, observed_at=observed_at, **where
        )
        if gone:
            keys = [row.record_key for row in gone]
            gone_days = sorted({row.call_date for row in gone})
            for table in TABLES_OF[self._stream.table]:
                execute(
                    connection, f"load/mark_missing_{table}", days=gone_days, keys=keys, **where
                )
            execute(connection, "load/mark_stale", days=gone_days)
            tally.days.update(gone_days)
            for row in gone:
                tally.by_day[row.call_date].missing += 1
        execute(
            connection,
            "load/resolve_unkeyed",
            days=days,
            digests=list(landing.unkeyed),
            **where,
        )


def _last_day(window: Window) -> date:
    return business_day(window.end - TICK, window.timezone)
