"""Details: one request a record, only for records without one, newest first, resumable."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.engine import Connection

from assets.loading import books
from assets.loading.commit import commit
from assets.loading.land import Landing
from assets.loading.sight import Sighting
from assets.loading.tally import Tally
from resources.account import Account
from resources.client import Client
from resources.errors import CallhouseError, ContractError
from resources.vendor import DetailStream, Page, Parent, Stream
from resources.warehouse import Warehouse, execute
from resources.windows import day_end
from sql.vocabulary import Completeness

CHUNK = 100
"""Details a transaction: little is asked again after a kill."""


@dataclass(slots=True)
class _Answers:
    """What came of asking for some details."""

    pages: list[tuple[Parent, Page]] = field(default_factory=list)
    broken: list[tuple[Parent, ContractError]] = field(default_factory=list)
    """Answers that can't be read: asked for again later, like those that aren't there yet."""
    error: CallhouseError | None = None
    """What stands in the way of all others too."""


class DetailReader:
    """Fetches the details of one account's records; `probes`: one first, to see if it may."""

    def __init__(
        self,
        warehouse: Warehouse,
        account: Account,
        stream: DetailStream,
        parent: Stream,
        client: Client,
        clock: Callable[[], datetime],
        probes: bool = False,
    ) -> None:
        self._warehouse = warehouse
        self._account = account
        self._stream = stream
        self._parent = parent
        self._client = client
        self._clock = clock
        self._probes = probes
        self._where = {"account": account.name, "stream": stream.name}

    def days(self, among: Sequence[date] | None = None) -> list[date]:
        """Days that may lack details now, newest first."""
        rows = self._warehouse.rows(
            "plan/detail_days",
            parent=self._parent.name,
            days=None if among is None else list(among),
            now=self._clock(),
            **self._where,
        )
        return [row.call_date for row in rows]

    def days_without_parents(self, among: Sequence[date]) -> set[date]:
        """Those of the days of which the parents were read, and there is none: nothing to fetch."""
        rows = self._warehouse.rows(
            "plan/days_without_parents",
            account=self._account.name,
            parent=self._parent.name,
            days=list(among),
        )
        return {row.call_date for row in rows}

    def read(self, day: date, tally: Tally, until: datetime | None = None) -> None:
        """Fetches what the day lacks, up to `until`; then judges the day. What became of it adds
        up in `tally`.

        Raises what the vendor's client raises, when what came is committed.
        """
        broken: ContractError | None = None
        while until is None or self._clock() < until:
            pending = self._pending(day)
            if not pending:
                break
            answers = self._fetch(pending)
            tally.add(self._land(day, answers))
            tally.by_day[day].requests += len(answers.pages) + len(answers.broken)
            tally.accepted |= bool(answers.pages)
            self._probes &= not answers.pages
            if answers.error is not None:
                raise answers.error
            if answers.broken:
                broken = broken or answers.broken[0][1]
                if self._probes:
                    raise broken
        tally.turned |= self._judge(day, broken is None, tally.accepted)
        if broken is not None:
            raise broken

    def idle(self) -> None:
        """Writes down that there was nothing to fetch."""
        now = self._clock()
        self._warehouse.in_transaction(
            lambda c: books.note_success(
                c, self._account, self._stream, now, watermark=now, accepted=False
            )
        )

    def _pending(self, day: date) -> list[Parent]:
        now = self._clock()
        rows = self._warehouse.rows(
            "plan/pending",
            self._parent.target,
            parent=self._parent.name,
            day=day,
            now=now,
            ripe=now - self._stream.delay,
            attempts=self._stream.attempts,
            most=1 if self._probes else CHUNK,
            **self._where,
        )
        needs = self._stream.needs
        return [
            Parent(row.record_key, row.started_at, {name: getattr(row, name) for name in needs})
            for row in rows
        ]

    def _fetch(self, parents: list[Parent]) -> _Answers:
        """As many at once as the limits allow."""
        answers = _Answers()
        workers = min(self._account.limits.concurrency, len(parents))
        with ThreadPoolExecutor(workers, thread_name_prefix="details") as pool:
            futures = [(p, pool.submit(self._stream.read, self._client, p)) for p in parents]
            for parent, future in futures:
                if answers.error is not None and future.cancel():
                    continue
                try:
                    answers.pages.append((parent, future.result()))
                except ContractError as error:
                    answers.broken.append((parent, error))
                except CallhouseError as error:
                    answers.error = answers.error or error
        return answers

    def _land(self, day: date, answers: _Answers) -> Tally:
        sightings = [
            Sighting(record, page.request_id, page.observed_at, key=parent.key, day=day)
            for parent, page in answers.pages
            for record in page.records
        ]
        asked = [parent.key for parent, _ in (*answers.pages, *answers.broken)]
        landing = Landing(self._account, self._stream, day, self._warehouse.make_days)

        def count(connection: Connection, tally: Tally) -> None:
            tally.new_fields = books.note_fields(
                connection, self._account, self._stream, tally.new_fields
            )

        def finish(connection: Connection, tally: Tally) -> None:
            count(connection, tally)
            execute(connection, "load/note_absent", keys=asked, day=day, now=self._clock(),
                    retry_every=self._stream.retry_every, **self._where)  # fmt: skip

        if not asked:
            return Tally()
        return commit(self._warehouse, landing, sightings, self._lock, count, finish)

    def _lock(self, connection: Connection) -> None:
        """The parent's first: its rows may move to another day, and its details with them."""
        books.lock(connection, self._account, self._parent.name)
        books.lock(connection, self._account, self._stream.name)

    def _judge(self, day: date, is_readable: bool, accepted: bool) -> set[date]:
        """The day is complete when it is over and none of its records lacks a detail that may yet
        come. Returns the day if its state changed.
        """
        end = day_end(day, self._account.timezone)

        def work(connection: Connection) -> set[date]:
            self._lock(connection)
            now = self._clock()
            if is_readable:
                books.resolve_bodies(connection, self._account, self._stream, [day])
            lacking = execute(
                connection,
                "plan/lacking",
                self._parent.target,
                parent=self._parent.name,
                day=day,
                attempts=self._stream.attempts,
                delay=self._stream.delay,
                **self._where,
            )[0]
            counts = books.count_days(connection, self._account, self._stream, {day}, now)[day]
            rejected = counts.rejects + counts.unkeyed
            notes = []
            if lacking.pending:
                notes.append(f"{lacking.pending} of {lacking.parents} details are still to come")
            elif lacking.absent:
                notes.append(f"{lacking.absent} of {lacking.parents} details never came")
            if rejected:
                notes.append(f"{rejected} record(s) rejected: see ops.rejects")
            if rejected and lacking.pending:  # those that won't be asked for again may settle
                state = Completeness.FAILED
            elif now < end:
                state = Completeness.OPEN
            else:
                state = Completeness.SETTLING if lacking.pending else Completeness.COMPLETE
            execute(
                connection,
                "load/close_day",
                day=day,
                state=state,
                note="; ".join(notes) or None,
                next_read_at=lacking.next_try_at or (end if state == Completeness.OPEN else None),
                attempts=counts.attempts + 1 if state == Completeness.FAILED else 0,
                rejected=counts.rejected,
                same_rejects=0,
                lacking=None,
                lacking_records=None,
                doubted_since=None,
                vendor_total=lacking.parents,
                repeats=0,
                read_at=execute(connection, "load/clock")[0].now,
                now=now,
                **self._where,
            )
            books.note_success(connection, self._account, self._stream, now, watermark=now,
                               accepted=accepted)  # fmt: skip
            return {day} if counts.is_first or counts.state != state else set()

        return self._warehouse.in_transaction(work)
