"""`callhouse status`: how every account's streams stand, and what limits leave to them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from assets.account_streams import account_streams, parameters
from assets.loading.plan import StreamState, next_due
from assets.loading.stream_state import read_states
from assets.quota import Quota, read_quotas
from pipelines.commands import console
from resources.account import Account
from resources.http.permits import Limiter
from resources.postgres.warehouse import Warehouse
from resources.windows import business_day


@dataclass(frozen=True)
class StreamStatus:
    """How one account's stream stands. Days are those gone by; `open` has today, too."""

    account: str
    stream: str
    last_success_at: datetime | None
    next_poll_at: datetime | None
    """None: at the next tick. Of one that has stopped: its next probe."""
    stopped: bool
    failures: int
    last_error: str | None
    complete: int
    open: int
    settling: int
    failed: int
    unread: int
    oldest_incomplete: date | None
    oldest_state: str | None
    oldest_note: str | None
    open_records: int
    rejects: int


@dataclass(frozen=True)
class Status:
    """All of it."""

    now: datetime
    streams: Sequence[StreamStatus]
    quotas: Sequence[Quota]
    backfills: Sequence[Mapping[str, Any]]
    waiting: Sequence[Mapping[str, Any]]
    clock: str | None = None
    """That this host's clock is wrong, so that nothing is loaded."""
    settings: Sequence[str] = ()
    """What is wrong with the accounts file, and what becomes of it."""
    to_rebuild: Sequence[Mapping[str, Any]] = ()
    """Days that were made by other settings, or whose facts are lost, by account and stream."""

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return asdict(self)

    def print(self) -> None:
        """For people."""
        for sentence in (self.clock, *self.settings):
            if sentence:
                console.say(sentence, "red")
        console.table(
            ("account", "stream", "last success", "complete", "settling", "failed", "unread",
             "open records", "rejects", "next poll"),
            (
                (s.account, s.stream, console.ago(s.last_success_at, self.now), s.complete,
                 s.settling, s.failed, s.unread, s.open_records, s.rejects, self._next(s))
                for s in self.streams
            ),
        )  # fmt: skip
        self._print_quotas()
        waiting = {name for quota in self.quotas if not quota.left for name in quota.accounts}
        for stream in self.streams:
            self._print_trouble(stream, stream.account in waiting)
        for row in self.to_rebuild:
            console.say(
                f"{row['account']} {row['stream']}: {console.count(row['days'], 'day')} from "
                f"{row['first']} to {row['last']}: to be rebuilt; "
                f"callhouse rebuild {row['account']}",
                "yellow",
            )
        self._print_backfills()

    def _next(self, stream: StreamStatus) -> str:
        is_due = stream.next_poll_at is None or stream.next_poll_at <= self.now
        when = "due" if is_due else console.ago(stream.next_poll_at, self.now)
        return f"stopped, probe {when}" if stream.stopped else when

    def _print_trouble(self, stream: StreamStatus, waits_for_quota: bool) -> None:
        """`waits_for_quota`: that it does is said once, not for each stream."""
        name = f"{stream.account} {stream.stream}"
        if stream.last_error and (stream.failures or not waits_for_quota):
            console.say(f"{name}: {stream.last_error}", "red" if stream.failures else "yellow")
        if stream.oldest_incomplete and stream.oldest_state != "unread":
            is_said = stream.oldest_state == "open" and waits_for_quota
            is_said |= stream.oldest_note == stream.last_error  # in the line above
            note = f": {stream.oldest_note}" if stream.oldest_note and not is_said else ""
            console.say(
                f"{name}: oldest day that isn't complete: {stream.oldest_incomplete}, "
                f"{stream.oldest_state}{note}",
                "red" if stream.oldest_state == "failed" else "dim",
            )
        if stream.unread:
            since = "" if stream.oldest_state != "unread" else f" since {stream.oldest_incomplete}"
            days = console.count(stream.unread, "day")
            console.say(f"{name}: still {days}{since} to read", "yellow")

    def _print_quotas(self) -> None:
        for quota in self.quotas:
            if quota.daily_requests:
                console.say(
                    f"quota of {quota.operation} on {quota.day}: {quota.used:,} of "
                    f"{quota.daily_requests:,} requests used, {quota.by_backfill:,} by backfills"
                )
            if quota.trouble:
                console.say(quota.trouble, "yellow" if quota.left else "red")

    def _print_backfills(self) -> None:
        for row in self.backfills:
            end = row["expected_at"]
            done = f"done {console.ago(end, self.now)}" if end else "just begun"
            of = f" of about {row['details']:,}" if row["details"] else ""
            console.say(
                f"backfill of {row['account']} {row['stream']}: {row['days_read']} of "
                f"{console.count(row['days'], 'day')}, {row['requests']:,}{of} requests, {done}"
            )
        for sentence in dict.fromkeys(map(self._waiting, self.waiting)):
            console.say(sentence, "dim")

    def _waiting(self, row: Mapping[str, Any]) -> str:
        """Several requests of a backfill may wait for the same: it is said once."""
        what = f"backfill of {row['account']} {row['stream']} ({row['report']})"
        if not row["reason"]:
            return f"{what}: the vendor is answering"
        until = console.ago(row["expected_at"], self.now)
        return f"{what}: waits for its turn ({row['reason']}), {until}"


def read_status(
    warehouse: Warehouse, accounts: Mapping[str, Account], now: datetime | None = None
) -> Status:
    """How everything stands now, or at a given moment."""
    wrong = None if now else warehouse.clock.fault()
    now = now or warehouse.now()
    return Status(
        now,
        _streams(warehouse, accounts, now),
        read_quotas(warehouse, accounts.values(), now),
        [row._asdict() for row in warehouse.rows("status/backfills")],
        [row._asdict() for row in warehouse.rows("status/in_flight")],
        wrong,
        to_rebuild=[
            row._asdict() for row in warehouse.rows("status/to_rebuild", accounts=list(accounts))
        ],
    )


def _streams(
    warehouse: Warehouse, accounts: Mapping[str, Account], now: datetime
) -> list[StreamStatus]:
    sources = account_streams(accounts.values())
    states = read_states(warehouse, list(accounts.values()), [s.stream for s in sources])
    limiter = Limiter(warehouse)
    todays = [business_day(now, source.account.timezone) for source in sources]
    rows = warehouse.rows("status/streams", todays=todays, **parameters(sources))
    known = {(row.account, row.stream): row for row in rows}
    found = []
    for source in sources:
        account, name = source.account, source.stream.name
        row = known[account.name, name]
        state = states.get((account.name, name), StreamState())
        # Without its secrets, an account that has stopped is as it was.
        has_secrets = bool(account.credentials)
        credential = limiter.credential(account) if has_secrets else state.stopped_key or ""
        figures = {key: row._asdict()[key] for key in _COPIED}
        due, stopped = next_due(account, state, credential), state.is_stopped(credential)
        found.append(StreamStatus(account.name, name, next_poll_at=due, stopped=stopped, **figures))
    return found


_COPIED = (
    "last_success_at", "failures", "last_error", "complete", "open", "settling", "failed",
    "unread", "oldest_incomplete", "oldest_state", "oldest_note", "open_records", "rejects",
)  # fmt: skip
