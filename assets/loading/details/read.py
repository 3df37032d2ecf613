"""Details: one request a record, only for records without one, newest first, resumable."""

import math
import time
from collections.abc import Sequence
from datetime import date
from functools import partial

from sqlalchemy.engine import Connection

from assets.loading.access import StreamAccess
from assets.loading.audio_files import remove_audio, remove_unnamed_audio
from assets.loading.day_state import resolve_bodies
from assets.loading.details.answers import Answers
from assets.loading.details.close import close_day
from assets.loading.details.fetch import DetailFetcher
from assets.loading.landing.commit import Committer
from assets.loading.landing.land import Landing
from assets.loading.landing.observation import Observation
from assets.loading.lease import ReadLease
from assets.loading.personal.hidden import hiding
from assets.loading.result import Loaded
from assets.loading.stream_state import Success, lock_source, note_fields, note_success
from resources.errors import CallhouseError
from resources.http.permits import Patience
from resources.postgres.warehouse import execute
from resources.text import payload
from resources.text.foreign_text import short
from resources.vendor_api.vendor import DetailStream, Parent, Stream


class DetailReader:
    """Fetches the details of one account's records, which are its `parent` stream's.

    By its `patience` it is a probe's, which asks for one first; or a backfill's, which asks for
    what was given up, too.
    """

    def __init__(
        self, access: StreamAccess[DetailStream], parent: Stream, patience: Patience
    ) -> None:
        self._access = access
        self._source = access.source
        self._warehouse = access.warehouse
        self._clock = access.clock
        self._parent = parent
        self._fetcher = DetailFetcher(access, parent, patience)

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
            account=self._source.account.name,
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
        with self._access.hold((day,), live) as lease:
            broken = self._fetch_all(lease, day, loaded, until)
            loaded.turned |= self._close(lease, day, loaded.accepted, is_readable=broken is None)
            lease.is_over = True
            if broken is not None:
                raise broken

    def idle(self) -> None:
        """Writes down that there was nothing to fetch."""
        now = self._clock()
        success = Success(watermark=now, accepted=False)
        self._warehouse.in_transaction(lambda c: note_success(c, self._source, success, now))

    def _fetch_all(
        self, lease: ReadLease, day: date, loaded: Loaded, until: float
    ) -> CallhouseError | None:
        """Fetches and lands the day's details, some at a time; returns what came of the first one
        whose answer couldn't be read.
        """
        broken: CallhouseError | None = None
        last: Parent | None = None
        kept = self._fetcher.kept(day)
        while time.monotonic() < until:
            pending = self._fetcher.pending(day, kept, last)
            if not pending:
                break
            last = pending[-1]
            self._note_asked(day, pending)
            answers = self._fetcher.fetch(pending)
            lease.check()
            loaded.add(self._land(day, answers))
            loaded.by_day[day].requests += answers.asked
            loaded.accepted |= bool(answers.pages)
            if answers.error is not None:
                raise answers.error
            if answers.broken:
                broken = broken or answers.broken[0][1]
        return broken

    def _land(self, day: date, answers: Answers) -> Loaded:
        if not answers.asked:
            return Loaded()
        observations = [
            Observation(record, page.request_id, page.observed_at, key=parent.key, day=day)
            for parent, page in answers.pages
            for record in page.records
        ]
        landing = Landing(self._source, [day], self._warehouse.require_days)

        def finish(connection: Connection, loaded: Loaded) -> None:
            self._count(connection, loaded)
            self._note_answers(connection, day, answers)
            self._settle_files(connection, day, answers)

        choose = partial(self._of_present, day=day)
        commits = Committer(self._warehouse, landing, self._lock, self._count, choose)
        return commits.commit(observations, finish)

    def _of_present(
        self, connection: Connection, observations: Sequence[Observation], day: date
    ) -> list[Observation]:
        """Those whose record is still there: it may have been forgotten since it was asked for, or
        be of another day now.
        """
        rows = execute(
            connection,
            "load/parents",
            self._parent.target,
            keys=[one.key for one in observations if one.key is not None],
            account=self._source.account.name,
            parent=self._parent.name,
            day=day,
        )
        there = {row.record_key for row in rows}
        return [one for one in observations if one.key is None or one.key in there]

    def _note_asked(self, day: date, pending: Sequence[Parent]) -> None:
        """Before audio is put away, so that it is known where it may lie if this process is killed
        before it can say so.
        """
        if not self._source.stream.brings_audio:
            return

        def work(connection: Connection) -> None:
            self._lock(connection)
            execute(
                connection,
                "load/note_asked",
                self._parent.target,
                parent=self._parent.name,
                keys=[parent.key for parent in pending],
                day=day,
                now=self._clock(),
                **self._source.where,
            )

        self._warehouse.in_transaction(work)

    def _settle_files(self, connection: Connection, day: date, answers: Answers) -> None:
        """Deletes audio that was put away, now or before, and isn't stored: nothing names it. Of
        what is stored nothing is noted any more.
        """
        if not self._source.stream.brings_audio:
            return
        account = self._source.account.name
        uris = {
            parent.key: record["audio_uri"]
            for parent, page in answers.pages
            for record in page.records
        }
        useless = {parent.key for parent, _ in answers.useless}
        rows = execute(
            connection, "load/stored_details", keys=[*uris, *useless], **self._source.where
        )
        stored = {row.record_key for row in rows}
        remove_audio(uris[key] for key in uris.keys() - stored)
        remove_unnamed_audio((account, day, key) for key in useless - stored)
        came = list(uris.keys() & stored)
        execute(connection, "erase/details", keys=came, **self._source.where)

    def _count(self, connection: Connection, loaded: Loaded) -> None:
        loaded.new_fields = note_fields(connection, self._source, loaded.new_fields)

    def _note_answers(self, connection: Connection, day: date, answers: Answers) -> None:
        """Writes down what didn't come, or what of it isn't a fact: it is asked for again."""
        troubled = [*answers.useless, *answers.broken, *answers.refused]
        absent, useless = len(answers.pages), len(answers.useless)
        # They may have been forgotten since they came; it waits for the locks of the streams.
        hide = hiding(connection, self._source.account)
        others = absent + useless + len(answers.broken)
        execute(
            connection,
            "load/note_details",
            self._parent.target,
            parent=self._parent.name,
            keys=[parent.key for parent, _ in (*answers.pages, *troubled)],
            attempts=[1] * absent + [0] * len(troubled),
            failures=[0] * absent + [1] * useless + [0] * (len(troubled) - useless),
            soon=[False] * others + [True] * len(answers.refused),
            errors=[None] * absent
            + [short(payload.storable(hide(str(error)))) for _, error in troubled],
            day=day,
            most=self._source.stream.attempts,
            retry_every=self._source.stream.retry_every,
            now=self._clock(),
            **self._source.where,
        )

    def _lock(self, connection: Connection) -> None:
        """The parent's first: its rows may move to another day, and its details with them."""
        lock_source(connection, self._source, self._parent)

    def _close(
        self, lease: ReadLease, day: date, accepted: bool, *, is_readable: bool
    ) -> set[date]:
        """Judges the day, and ends the lease with it. Returns the day if its state changed."""

        def work(connection: Connection) -> set[date]:
            self._lock(connection)
            now = self._clock()
            if is_readable:
                resolve_bodies(connection, self._source, [day])
            turned = close_day(connection, self._source, self._parent, day, now)
            success = Success(watermark=now, accepted=accepted, lease=lease.id)
            note_success(connection, self._source, success, now)
            return {day} if turned else set()

        return self._warehouse.in_transaction(work)
