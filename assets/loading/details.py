"""Details: one request a record, only for records without one, newest first, resumable."""

import logging
import math
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection, Row

from assets.loading.account_stream import AccountStream
from assets.loading.day_state import count_days, resolve_bodies
from assets.loading.detail_answers import Answers
from assets.loading.landing.commit import commit
from assets.loading.landing.land import Landing
from assets.loading.landing.observation import Observation
from assets.loading.result import Loaded
from assets.loading.stream_state import lock_stream, note_fields, note_success
from assets.loading.window.lease import Hold, ReadLease
from resources.errors import (
    CallhouseError,
    RecordError,
)
from resources.http.permits import Patience
from resources.postgres.warehouse import Warehouse, execute
from resources.text import payload
from resources.text.foreign_text import short
from resources.vendor_api.client import Client
from resources.vendor_api.vendor import DetailStream, Page, Parent, Stream
from resources.windows import day_end
from sql.vocabulary import Completeness

log = logging.getLogger("callhouse.load")
CHUNK = 100
"""Details a transaction: little is asked again after a kill."""
IN_A_ROW = 3
"""So many answers of no use, one after the other, stand for all others too: the way is broken."""


class DetailReader:
    """Fetches the details of one account's records.

    By its `patience` it is a probe's, which asks for one first; or a backfill's, which asks for
    what was given up, too.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        source: AccountStream[DetailStream],
        parent: Stream,
        client: Client,
        clock: Callable[[], datetime],
        patience: Patience,
        hold: Hold,
    ) -> None:
        self._warehouse = warehouse
        self._source = source
        self._account, self._stream = source.account, source.stream
        self._parent = parent
        self._client = client
        self._clock = clock
        self._probes = patience.once
        self._asks_for_all = patience.backfill
        self._hold = hold

    def days(self, among: Sequence[date] | None = None) -> list[date]:
        """Days that may lack details now, newest first."""
        rows = self._warehouse.rows(
            "plan/detail_days",
            parent=self._parent.name,
            days=None if among is None else list(among),
            now=self._clock(),
            **self._source.where,
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

    def read(self, day: date, loaded: Loaded, live: bool = False, until: float = math.inf) -> None:
        """Fetches what the day lacks, up to `until` (by `time.monotonic`), as its only reader; then
        judges the day. What became of it adds up in `loaded`.

        Raises what the vendor's client raises, when what came is committed: at once what stands in
        the way of all, at the end what came of a few. What is wrong with a record alone is in the
        day's note. Raises DeferredError when another run is at it, and StoppedError when this one
        ends.
        """
        with self._hold((day,), live) as lease:
            self._read(lease, day, loaded, until)

    def _read(self, lease: ReadLease, day: date, loaded: Loaded, until: float) -> None:
        broken: CallhouseError | None = None
        last: Parent | None = None
        while time.monotonic() < until:
            pending = self._pending(day, last)
            if not pending:
                break
            last = pending[-1]
            answers = self._fetch(pending)
            lease.check()
            loaded.add(self._land(day, answers))
            loaded.by_day[day].requests += answers.asked
            loaded.accepted |= bool(answers.pages)
            self._probes &= not answers.pages
            if answers.error is not None:
                raise answers.error
            if answers.broken:
                broken = broken or answers.broken[0][1]
        loaded.turned |= self._assess(lease, day, broken is None, loaded.accepted)
        lease.is_over = True
        if broken is not None:
            raise broken

    def idle(self) -> None:
        """Writes down that there was nothing to fetch."""
        now = self._clock()
        self._warehouse.in_transaction(
            lambda c: note_success(c, self._source, now, watermark=now, accepted=False)
        )

    def _pending(self, day: date, last: Parent | None) -> list[Parent]:
        """The next of the day's records, after the `last` one."""
        now = self._clock()
        rows = self._warehouse.rows(
            "plan/pending",
            self._parent.target,
            parent=self._parent.name,
            day=day,
            now=now,
            ripe=now - self._stream.delay,
            all=self._asks_for_all,
            probes=self._probes,
            last_at=last and last.started_at,
            last_key=last and last.key,
            most=1 if self._probes else CHUNK,
            **self._source.where,
        )
        needs = self._stream.needs
        return [
            Parent(
                row.record_key,
                row.started_at,
                {name: getattr(row, name) for name in needs},
                row.useless or 0,
            )
            for row in rows
        ]

    def _fetch(self, parents: list[Parent]) -> Answers:
        """As many at once as the limits allow."""
        answers = Answers(1 if self._probes else IN_A_ROW)

        def ask(parent: Parent) -> None:
            if answers.error is None:
                answers.take(parent, self._ask(parent))

        workers = min(self._account.limits.concurrency, len(parents))
        with ThreadPoolExecutor(workers, thread_name_prefix="details") as pool:
            list(pool.map(ask, parents))
        answers.settle()
        return answers

    def _ask(self, parent: Parent) -> Page | CallhouseError:
        try:
            return self._stream.read(self._client, parent)
        except CallhouseError as error:
            return error
        except Exception as error:  # noqa: BLE001 - a fault of ours on one record is its own
            log.error("".join(traceback.format_tb(error.__traceback__)))  # noqa: TRY400
            name = type(error).__name__
            return RecordError(f"an unexpected {name}: the log says where it happened")

    def _land(self, day: date, answers: Answers) -> Loaded:
        observations = [
            Observation(record, page.request_id, page.observed_at, key=parent.key, day=day)
            for parent, page in answers.pages
            for record in page.records
        ]
        landing = Landing(self._source, [day], self._warehouse.require_days)

        def count(connection: Connection, loaded: Loaded) -> None:
            loaded.new_fields = note_fields(connection, self._source, loaded.new_fields)

        def finish(connection: Connection, loaded: Loaded) -> None:
            count(connection, loaded)
            self._note(connection, day, answers)

        if not answers.asked:
            return Loaded()
        return commit(self._warehouse, landing, observations, self._lock, count, finish)

    def _note(self, connection: Connection, day: date, answers: Answers) -> None:
        """Writes down what didn't come, or what of it isn't a fact: it is asked for again."""
        troubled = [*answers.useless, *answers.broken, *answers.refused]
        absent, useless = len(answers.pages), len(answers.useless)
        others = absent + useless + len(answers.broken)
        execute(
            connection,
            "load/note_details",
            keys=[parent.key for parent, _ in (*answers.pages, *troubled)],
            attempts=[1] * absent + [0] * len(troubled),
            failures=[0] * absent + [1] * useless + [0] * (len(troubled) - useless),
            soon=[False] * others + [True] * len(answers.refused),
            errors=[None] * absent + [short(payload.storable(str(error))) for _, error in troubled],
            day=day,
            most=self._stream.attempts,
            retry_every=self._stream.retry_every,
            now=self._clock(),
            **self._source.where,
        )

    def _lock(self, connection: Connection) -> None:
        """The parent's first: its rows may move to another day, and its details with them."""
        lock_stream(connection, self._account, self._parent.name)
        lock_stream(connection, self._account, self._stream.name)

    def _assess(self, lease: ReadLease, day: date, is_readable: bool, accepted: bool) -> set[date]:
        """The day is complete when it is over and none of its records lacks a detail that may yet
        come. Returns the day if its state changed.
        """
        end = day_end(day, self._account.timezone)

        def work(connection: Connection) -> set[date]:
            self._lock(connection)
            now = self._clock()
            if is_readable:
                resolve_bodies(connection, self._source, [day])
            lacking = execute(
                connection,
                "plan/lacking",
                self._parent.target,
                parent=self._parent.name,
                day=day,
                delay=self._stream.delay,
                **self._source.where,
            )[0]
            counts = count_days(connection, self._source, {day}, now)[day]
            rejected = counts.rejects + counts.unkeyed
            notes = list(_notes(lacking))
            if rejected:
                notes.append(f"{rejected} record(s) rejected: see ops.rejects")
            # What won't be asked for again may settle.
            if lacking.in_error or (rejected and lacking.pending):
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
                **self._source.where,
            )
            note_success(connection, self._source, now, watermark=now,
                               accepted=accepted, read=lease.id)  # fmt: skip
            return {day} if counts.is_first or counts.state != state else set()

        return self._warehouse.in_transaction(work)


def _notes(lacking: Row[Any]) -> Iterator[str]:
    """What is to be said of the details that a day lacks."""
    parents = lacking.parents
    if lacking.pending:
        yield f"{lacking.pending} of {parents} details are still to come"
    elif lacking.absent:
        yield f"{lacking.absent} of {parents} details never came"
    if lacking.in_error:
        yield f"{lacking.in_error} of them are asked for again after an error: {lacking.error}"
    if lacking.useless:
        yield (
            f"{lacking.useless} of {parents} details can't be had, and are asked for again by a "
            f"backfill of the day only: {lacking.error}"
        )
