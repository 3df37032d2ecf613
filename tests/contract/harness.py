"""What the checks are made with: a vendor's stream, a server that replays, what came of it."""

import copy
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from resources.account import Account
from resources.errors import CallhouseError
from resources.http.auth import TOKEN, Tokens
from resources.http.client import Http
from resources.http.permits import POLL, Limiter, Permit
from resources.http.transport import Transport
from resources.text.payload import unstorable
from resources.vendor_api.vendor import AnyStream, DetailStream, Facts, Page, Parent, Record, Vendor
from resources.windows import Window
from sql.table import Kind, Source
from tests.contract import fits
from tests.contract.recordings import Recording, recordings_of
from tests.support import SECRETS, Ledger, Replay, Reply, account_for

DAY = date(2026, 3, 10)
MOST_REQUESTS = 3
DETAILED = datetime(2020, 1, 29, 19, 59, 47, tzinfo=UTC)
"""When the call began whose detail Evolux' document shows; other vendors' say no time."""
"""A recording is replayed for ever: a client ends by itself after so many pages of it."""


@dataclass(frozen=True)
class Subject:
    """One stream of one vendor, and where the vendor's recorded answers are."""

    vendor: Vendor
    stream: AnyStream
    folder: Path

    def __str__(self) -> str:
        return f"{self.vendor.name}.{self.stream.name}"

    @property
    def timezone(self) -> ZoneInfo:
        """The vendor's."""
        return ZoneInfo(self.vendor.timezone)

    def window(self, day: date = DAY) -> Window:
        """All of a day."""
        return Window.of_days((day,), self.timezone, datetime.now(UTC))


@dataclass
class Outcome:
    """What a read gave: pages, then perhaps a declared error. Anything else has been raised."""

    ledger: Ledger
    pages: list[Page] = field(default_factory=list)
    error: CallhouseError | None = None

    @property
    def permits(self) -> list[Permit]:
        """Those of its own requests, without the one for an access token."""
        reports = zip(self.ledger.permits, self.ledger.reports, strict=True)
        return [permit for permit, report in reports if report != TOKEN]

    @property
    def records(self) -> list[Any]:
        """Of all pages."""
        return [record for page in self.pages for record in page.records]

    def written(self) -> str:
        """All that would be written down of it."""
        ledger = [f"{p.outcome.url} {p.outcome.error}" for p in self.ledger.permits]
        if self.error is None:
            return "\n".join(ledger)
        body = getattr(self.error, "body", b"").decode("utf-8", "replace")
        return "\n".join([*ledger, body, *traceback.format_exception(self.error)])


def _granted(folder: Path) -> Reply | None:
    """The recorded answer that grants an access token; None where nobody asks for one."""
    granted = Recording(folder / f"{TOKEN}.200.granted.json")
    return granted.reply if granted.path.exists() else None


class Harness:
    """Reads subjects' streams from a server that replays, and judges the facts they become."""

    def __init__(
        self,
        transport: Transport,
        replay: Replay,
    ) -> None:
        self.replay = replay
        self._transport = transport
        self._samples: dict[str, tuple[Recording, list[Record]]] = {}

    def account(self, vendor: Vendor) -> Account:
        """Asks the replaying server."""
        return account_for(vendor, self.replay.url)

    def read(self, subject: Subject, *replies: Reply, window: Window | None = None) -> Outcome:
        """Reads a window (or one detail) from a server that gives the replies."""
        self.replay.will_answer(*replies)
        self.replay.will_log_in(_granted(subject.folder))
        self._transport.tokens = Tokens()
        ledger, stream = Ledger(), subject.stream
        account = self.account(subject.vendor)
        http = Http(
            self._transport, cast("Limiter", ledger), account, stream.name, POLL, stream.searches
        )
        client = subject.vendor.client(account, http)
        outcome = Outcome(ledger)
        try:
            if isinstance(stream, DetailStream):
                parent = Parent("1", DETAILED)
                outcome.pages.append(stream.read(client, parent))
            else:
                for page in stream.read(client, window or subject.window()):
                    outcome.pages.append(page)
                    pages = len(outcome.pages)
                    assert pages <= MOST_REQUESTS, f"{subject}: the client never ends"
        except CallhouseError as error:
            outcome.error = error
        written = outcome.written()
        for secret in SECRETS.values():
            assert secret not in written, f"{subject}: a secret is written down"
        for asked in self.replay.asked:
            is_search = asked.target.partition("?")[0].lstrip("/") in stream.searches
            assert asked.method == ("POST" if is_search or asked.is_login else "GET")
        return outcome

    def report(self, subject: Subject) -> str:
        """The report that the stream's requests are counted by."""
        reports = self.read(subject, Reply(418)).ledger.reports
        return next(report for report in reports if report != TOKEN)

    def recordings(self, subject: Subject) -> list[Recording]:
        """Those that a stream may get for an answer."""
        vendor, folder = subject.vendor, subject.folder
        reports = {self.report(Subject(vendor, stream, folder)) for stream in vendor.streams}
        return recordings_of(folder, self.report(subject), reports)

    def sample(self, subject: Subject) -> tuple[Recording, list[Record]]:
        """The stream's recorded sample, and the records in it: read once, except a detail's, which
        may be a file in the home of the test.
        """
        if isinstance(subject.stream, DetailStream):
            return self._read_sample(subject)
        if str(subject) not in self._samples:
            self._samples[str(subject)] = self._read_sample(subject)
        recording, records = self._samples[str(subject)]
        return recording, copy.deepcopy(records)

    def _read_sample(self, subject: Subject) -> tuple[Recording, list[Record]]:
        samples = [r for r in self.recordings(subject) if r.is_sample]
        assert samples, f"no *.200.*sample* among {subject.folder} for {self.report(subject)}"
        records = [
            r for page in self.read(subject, samples[0].reply).pages[:1] for r in page.records
        ]
        assert records, f"{samples[0].path.name} has no record"
        return samples[0], records

    def normalise(self, subject: Subject, records: Sequence[Record]) -> Facts:
        """The records as facts, or said why not: each of them, and exactly once."""
        stream = subject.stream
        facts = stream.normalise(records, self.account(subject.vendor))
        rejected = [reject.index for reject in facts.rejects]
        rows = list(facts.tables[stream.table].index) if stream.table in facts.tables else []
        assert len(set(rejected)) == len(rejected), "rejected twice"
        assert not set(rows) & set(rejected), "a fact and a reject"
        if stream.target.kind is not Kind.PART:
            assert sorted(rows + rejected) == list(range(len(records))), "raw = facts + rejects"
        for reject in facts.rejects:
            assert reject.field
            assert reject.reason
        for index, faults in facts.faults.items():
            assert index not in rejected
            assert faults
            assert all(field and reason for field, reason in faults.items())
        for of_all in (facts.started_at, facts.is_open):
            assert of_all is None or len(of_all) == len(records)
        if facts.started_at is not None:
            assert facts.started_at.drop(index=rejected).notna().all(), "a fact without a day"
        assert not any(map(unstorable, facts.new_fields))
        targets = {target.name: target for target in stream.targets}
        assert facts.tables.keys() <= targets.keys(), "the stream doesn't name a table"
        for name, frame in facts.tables.items():
            columns = {c.name: c for c in targets[name].copied if c.source is Source.MAPPING}
            for column in frame.columns:
                assert column in columns, f"{name} has no column {column} for a mapping"
                fits.check(columns[column], frame[column])
        for name in facts.alike:
            first, *others = [frame[name] for frame in facts.tables.values()]
            for other in others:
                shared = first.index.intersection(other.index)
                assert other[shared].equals(first[shared]), f"{name} isn't the same in all tables"
        return facts
