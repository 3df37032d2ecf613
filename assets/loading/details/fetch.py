"""Details as the vendor sends them: which are asked for, and what comes of each."""

import logging
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from assets.loading.access import StreamAccess
from assets.loading.details.answers import Answers
from assets.loading.details.kept import kept_keys
from resources.errors import CallhouseError, RecordError
from resources.http.permits import Patience
from resources.vendor_api.vendor import DetailStream, Page, Parent, Stream

log = logging.getLogger("callhouse.load")
CHUNK = 100
"""Details a transaction: little is asked again after a kill."""
IN_A_ROW = 3
"""So many answers of no use, one after the other, stand for all others too: the way is broken."""


class DetailFetcher:
    """Asks for the details of records of the `parent` stream."""

    def __init__(
        self, access: StreamAccess[DetailStream], parent: Stream, patience: Patience
    ) -> None:
        self._access = access
        self._source = access.source
        self._parent = parent
        self._probes = patience.once
        """One is asked for until an answer was good."""
        self._asks_for_all = patience.backfill

    def kept(self, day: date) -> list[str]:
        """Keys of the day's records of which no detail is asked for. Once for all of them, though
        somebody may be forgotten meanwhile: what lands is looked at again.
        """
        return self._access.warehouse.in_transaction(
            lambda connection: kept_keys(connection, self._source, self._parent, day)
        )

    def pending(self, day: date, kept: list[str], last: Parent | None) -> list[Parent]:
        """The next of the day's records without details, except the `kept`, after the `last`."""
        now, stream = self._access.clock(), self._source.stream
        rows = self._access.warehouse.rows(
            "plan/pending",
            self._parent.target,
            parent=self._parent.name,
            day=day,
            now=now,
            ripe=now - stream.delay,
            all=self._asks_for_all,
            probes=self._probes,
            kept=kept,
            last_at=last and last.started_at,
            last_key=last and last.key,
            most=1 if self._probes else CHUNK,
            **self._source.where,
        )
        return [
            Parent(
                row.record_key,
                row.started_at,
                {name: getattr(row, name) for name in stream.needs},
                row.useless or 0,
            )
            for row in rows
        ]

    def fetch(self, parents: list[Parent]) -> Answers:
        """Their details, as many at once as the limits allow."""
        answers = Answers(1 if self._probes else IN_A_ROW)
        workers = min(self._source.account.limits.concurrency, len(parents))
        left = iter(parents)

        def ask() -> None:
            with self._access.client.http.in_a_row():
                for parent in left:  # which all threads share
                    if answers.error is not None:
                        break
                    answers.add(parent, self._ask(parent))

        with ThreadPoolExecutor(workers, thread_name_prefix="details") as pool:
            for asking in [pool.submit(ask) for _ in range(workers)]:
                asking.result()
        answers.settle()
        self._probes &= not answers.pages
        return answers

    def _ask(self, parent: Parent) -> Page | CallhouseError:
        try:
            return self._source.stream.read(self._access.client, parent)
        except CallhouseError as error:
            return error
        except Exception as error:  # noqa: BLE001 - a fault of ours on one record is its own
            log.error("".join(traceback.format_tb(error.__traceback__)))  # noqa: TRY400
            name = type(error).__name__
            return RecordError(f"an unexpected {name}: the log says where it happened")
