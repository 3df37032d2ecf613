"""Details: one request a record, only for records without one, newest first, resumable."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

from sqlalchemy.engine import Connection

from assets import books
from assets.land import Landing, Sighting, Tally
from resources.account import Account
from resources.client import Client
from resources.errors import CallhouseError
from resources.vendor import DetailStream, Page, Parent, Stream
from resources.warehouse import Warehouse, execute

CHUNK = 100
"""Details a transaction: little is asked again after a kill."""


class DetailReader:
    """Fetches the details of one account's records."""

    def __init__(
        self,
        warehouse: Warehouse,
        account: Account,
        stream: DetailStream,
        parent: Stream,
        client: Client,
    ) -> None:
        self._warehouse = warehouse
        self._account = account
        self._stream = stream
        self._parent = parent
        self._client = client
        self._where = {"account": account.name, "stream": stream.name}

    def days(self, among: Sequence[date] | None = None) -> list[date]:
        """Days that may lack details now, newest first."""
        rows = self._warehouse.rows(
            "plan/detail_days",
            parent=self._parent.name,
            days=None if among is None else list(among),
            now=datetime.now(UTC),
            **self._where,
        )
        return [row.call_date for row in rows]

    def read(self, day: date, tally: Tally, until: datetime | None = None) -> None:
        """Fetches what the day lacks, up to `until`; then judges the day. What became of it adds
        up in `tally`.

        Raises what the vendor's client raises, when what came before is committed.
        """
        while until is None or datetime.now(UTC) < until:
            pending = self._pending(day)
            if not pending:
                break
            pages, error = self._fetch(pending)
            tally.add(self._land(day, pages))
            tally.by_day[day].requests += len(pages)
            if error is not None:
                raise error
        tally.turned |= self._judge(day)

    def _pending(self, day: date) -> list[Parent]:
        rows = self._warehouse.rows(
            f"plan/pending_{self._parent.table}",
            parent=self._parent.name,
            day=day,
            ripe=datetime.now(UTC) - self._stream.delay,
            attempts=self._stream.attempts,
            most=CHUNK,
            **self._where,
        )
        return [Parent(row.record_key, row.started_at) for row in rows]

    def _fetch(
        self, parents: list[Parent]
    ) -> tuple[list[tuple[Parent, Page]], CallhouseError | None]:
        """The answers that came, and the first error: as many at once as the limits allow."""
        pages: list[tuple[Parent, Page]] = []
        error: CallhouseError | None = None
        workers = min(self._account.limits.concurrency, len(parents))
        with ThreadPoolExecutor(workers, thread_name_prefix="details") as pool:
            futures = [(p, pool.submit(self._stream.read, self._client, p)) for p in parents]
            for parent, future in futures:
                try:
                    if error is not None and future.cancel():
                        continue
                    pages.append((parent, future.result()))
                except CallhouseError as raised:
                    error = error or raised
        return pages, error

    def _land(self, day: date, pages: list[tuple[Parent, Page]]) -> Tally:
        sightings = [
            Sighting(record, page.request_id, page.observed_at, key=parent.key, day=day)
            for parent, page in pages
            for record in page.records
        ]
        absent = [parent.key for parent, page in pages if not page.records]

        def work(connection: Connection) -> Tally:
            books.lock(connection, self._account, self._stream)
            landing = Landing(self._account, self._stream, day, self._warehouse.make_days)
            tally = landing.land(connection, sightings)
            if absent:
                execute(connection, "load/note_absent", keys=absent, day=day,
                        retry_every=self._stream.retry_every, **self._where)
            return tally

        return self._warehouse.in_transaction(work) if pages else Tally()

    def _judge(self, day: date) -> set[date]:
        """The day is complete when none of its records lacks a detail that may yet come. Returns
        the day if its state changed."""

        def work(connection: Connection) -> set[date]:
            books.lock(connection, self._account, self._stream)
            lacking = execute(
                connection,
                f"plan/lacking_{self._parent.table}",
                parent=self._parent.name,
                day=day,
                attempts=self._stream.attempts,
                delay=self._stream.delay,
                **self._where,
            )[0]
            counts = books.count_days(connection, self._account, self._stream, {day})[day]
            rejected = counts.rejects + counts.unkeyed
            note = None
            if lacking.pending:
                note = f"{lacking.pending} of {lacking.parents} details are still to come"
            elif lacking.absent:
                note = f"{lacking.absent} of {lacking.parents} details never came"
            if rejected:
                note = f"{rejected} record(s) rejected: see ops.rejects"
            state = "failed" if rejected else "settling" if lacking.pending else "complete"
            execute(
                connection,
                "load/close_day",
                day=day,
                state=state,
                note=note,
                next_read_at=lacking.next_try_at,
                vendor_total=lacking.parents,
                **self._where,
            )
            now = datetime.now(UTC)
            books.note_success(connection, self._account, self._stream, watermark=now,
                               next_due_at=now + self._account.poll_every)
            return {day} if counts.is_first or counts.state != state else set()

        return self._warehouse.in_transaction(work)
