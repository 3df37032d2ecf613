"""`callhouse check`: whether loading can work: accounts, database, and each vendor's answer.

What is wrong with one doesn't keep the others from being tried.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from assets.loading.personal.hidden import hide, hider
from assets.loading.refusals import refusals
from assets.loading.stream_state import read_states
from pipelines.commands import console
from pipelines.commands.accounts import require_a_file
from pipelines.commands.database import database
from resources.account import Account
from resources.audio import AUDIO, AudioStore
from resources.configuration.accounts import accounts_of, read_entries, sentences
from resources.configuration.environment import environment_faults
from resources.configuration.home import Home
from resources.configuration.operations import twins
from resources.errors import (
    CallhouseError,
    ConfigurationError,
    DeferredError,
    PermanentError,
)
from resources.http.client import Http
from resources.http.permits import Limiter, Patience
from resources.http.transport import Transport
from resources.postgres.database import connect
from resources.postgres.errors import READ_ONLY, WORDS
from resources.postgres.objects import marts_left_as_they_were
from resources.postgres.schema_version import require_head
from resources.postgres.warehouse import Warehouse
from resources.report.place import REPORT, ReportPlace
from resources.stores.store import Removal, Store
from resources.stores.trial import try_out
from resources.vendor_api.vendor import Stream, Vendor
from resources.vendors import discover, loads_audio
from resources.windows import Window, business_day, day_end, day_start

THREADS = 16
PATIENCE = Patience(backfill=False, longest=timedelta(seconds=10), returns=False)
ASKED = timedelta(minutes=1)
"""The smallest question that every vendor answers: its last minute."""
MARKS = {True: "ok", False: "wrong", None: "not now"}


@dataclass(frozen=True)
class Finding:
    """What was found of one thing; `well` None: it can't be said now."""

    what: str
    well: bool | None
    message: str


@dataclass(frozen=True)
class CheckSummary:
    """Everything that was found. `is_cut_off`: the database doesn't answer, so nobody was asked."""

    findings: list[Finding]
    is_cut_off: bool = False

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong. What can't be said now is well."""
        return all(finding.well is not False for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        findings = [
            {"what": finding.what, "state": MARKS[finding.well], "message": finding.message}
            for finding in self.findings
        ]
        return {"ok": self.is_well, "findings": findings}

    def print(self) -> None:
        """For people: a line each; if nothing could be tried, what is wrong as errors."""
        if self.is_cut_off:
            for finding in self.findings:
                if finding.well is False:
                    console.complain(finding.message)
            return
        columns = ("", "state", "")
        console.table(columns, ((f.what, MARKS[f.well], f.message) for f in self.findings))


def check(home: Home) -> CheckSummary:
    """Tries everything. Raises ConfigurationError where nobody has written an accounts file."""
    require_a_file(home)
    accounts, findings = check_settings(home)
    findings += [Finding("environment", False, fault) for fault in environment_faults()]
    findings += check_stores(accounts.values())
    try:
        with database() as url:
            findings.append(check_schema(url))
            if findings[-1].well:
                findings += [check_clock(url), *check_marts(url), *check_zones(url, accounts)]
                findings += check_accounts(url, accounts)
    except CallhouseError as error:
        findings.append(Finding("database", False, str(error)))
        return CheckSummary(findings, is_cut_off=True)
    return CheckSummary(findings)


def check_settings(home: Home) -> tuple[Mapping[str, Account], list[Finding]]:
    """The accounts that are right, and every fault of the accounts file."""
    try:
        entries, wrong = read_entries(home.accounts)
    except ConfigurationError as error:
        return {}, [Finding("accounts.toml", False, fault) for fault in error.faults]
    accounts, faults = accounts_of(entries)
    found = [Finding("accounts.toml", False, fault) for fault in (*wrong, *sentences(faults))]
    right = {name: account for name, account in accounts.items() if name not in faults}
    if not found:
        message = f"{console.count(len(right), 'account')}, all secrets present ({home.accounts})"
        found.append(Finding("accounts.toml", True, message))
    twice: dict[str, list[str]] = {name: [fault] for name, fault in twins(right)}
    found += [Finding("accounts.toml", False, fault) for fault in sentences(twice)]
    return right, [*found, *check_starts(right)]


def check_starts(accounts: Mapping[str, Account]) -> list[Finding]:
    """Accounts of which nothing is loaded yet: they have their place, or a slip of the pen."""
    now = datetime.now(UTC)
    return [
        Finding(
            "accounts.toml",
            None,
            f"accounts.{account.name}.start_date: {account.start_date} is in the future: nothing "
            "is loaded before",
        )
        for account in accounts.values()
        if account.start_date > business_day(now, account.timezone)
    ]


def check_stores(accounts: Iterable[Account]) -> list[Finding]:
    """Whether files can be put where audio and the report go: what is used, or was chosen."""
    found = []
    if os.environ.get(AUDIO) or loads_audio(accounts):
        found.append(_check_store("audio", lambda: AudioStore().store))
    if os.environ.get(REPORT):
        found.append(_check_store("report", lambda: ReportPlace().store))
    return found


def _check_store(what: str, find: Callable[[], Store]) -> Finding:
    try:
        removal = try_out(find())
    except CallhouseError as error:
        return Finding(what, False, str(error))
    message = "a file was written, read and deleted"
    if removal is Removal.VERSION_STAYS:
        message += (
            "; the bucket keeps its versions: what is forgotten or too old stays there until a "
            "lifecycle rule deletes it"
        )
    return Finding(what, True, message)


def check_schema(url: str) -> Finding:
    """Whether the warehouse has the tables that this version of Callhouse works with, and they can
    be written to.
    """
    try:
        version = require_head(url)
    except CallhouseError as error:
        return Finding("database", False, str(error))
    with connect(url, "callhouse check") as connection:
        is_read_only = connection.execute("SHOW transaction_read_only").fetchone() == ("on",)
    if is_read_only:
        return Finding("database", False, WORDS[READ_ONLY])
    return Finding("database", True, f"reachable, schema {version}")


def check_clock(url: str) -> Finding:
    """Whether this host's clock and the database's agree."""
    with closing(Warehouse(url, pool_size=1)) as warehouse:
        fault = warehouse.clock.fault()
    return Finding("clock", fault is None, fault or "agrees with the database's")


def check_marts(url: str) -> list[Finding]:
    """Marts that a migration couldn't make as this version describes them: they tell what another
    one took for right, such as which days may be trusted.
    """
    with closing(Warehouse(url, pool_size=1)) as warehouse, warehouse.transaction() as connection:
        left = marts_left_as_they_were(connection)
    told = (
        f"{', '.join(left)}: not as this version of Callhouse makes them; `callhouse migrate` logs "
        "what is in the way, such as a view that somebody has built on one: drop that, and migrate"
    )
    return [Finding("marts", False, told)] if left else []


def check_zones(url: str, accounts: Mapping[str, Account]) -> list[Finding]:
    """Accounts whose days begin at other moments by the database's rules than by this host's, this
    year or the next one: what is filed by the ones is counted by the others.
    """
    year = datetime.now(UTC).year
    zones = {account.timezone.key: account.timezone for account in accounts.values()}
    with closing(Warehouse(url, pool_size=1)) as warehouse:
        rows = warehouse.rows("status/day_starts", timezones=sorted(zones),
                              first=date(year, 1, 1), last=date(year + 1, 12, 31))  # fmt: skip
    differs: dict[str, str] = {}
    for row in rows:
        here = day_start(row.day, zones[row.timezone])
        if row.starts_at not in (None, here):
            there = row.starts_at.astimezone(UTC)
            differs.setdefault(
                row.timezone,
                f"the rules of {row.timezone} aren't the same here and in the database, which lets "
                f"{row.day} begin at {there:%H:%M} UTC, not {here:%H:%M}: update the time zone "
                "data of the older one",
            )
    return [
        Finding(account.name, False, differs[account.timezone.key])
        for account in accounts.values()
        if account.timezone.key in differs
    ]


def check_accounts(url: str, accounts: Mapping[str, Account]) -> list[Finding]:
    """One small request for each account. One that stopped and is accepted goes on."""
    with closing(Warehouse(url)) as warehouse:
        limiter, transport = Limiter(warehouse, hide=hide), Transport()
        try:
            with ThreadPoolExecutor(THREADS) as pool:
                return list(
                    pool.map(lambda a: _check(warehouse, limiter, transport, a), accounts.values())
                )
        finally:
            limiter.close()
            transport.close()


def _check(
    warehouse: Warehouse, limiter: Limiter, transport: Transport, account: Account
) -> Finding:
    for refusal in refusals(warehouse, [account]).values():
        return Finding(account.name, False, str(refusal))
    vendor = discover()[account.vendor]
    stream = _smallest(vendor, account)
    http = Http(transport, limiter, account, stream.name, PATIENCE, stream.searches,
                hide=hider(warehouse, account))  # fmt: skip
    client = vendor.client(account, http)
    try:
        for _ in islice(stream.read(client, _last_minute(account, warehouse.now())), 1):
            pass
    except DeferredError as error:
        return Finding(account.name, None, f"secrets are there, but {error}")
    except PermanentError as error:
        message = (
            f"{error}: put a working credential in place{_stopped(warehouse, account, vendor)}"
        )
        return Finding(account.name, False, message)
    except CallhouseError as error:
        return Finding(account.name, False, f"{error}{_stopped(warehouse, account, vendor)}")
    resumed = warehouse.rows("status/resume_account", account=account.name)
    message = f"{vendor.title} answers ({stream.name})"
    return Finding(account.name, True, f"{message}; its polls go on" if resumed else message)


def _stopped(warehouse: Warehouse, account: Account, vendor: Vendor) -> str:
    """The end of a sentence: which of the account's polls have stopped, and until when."""
    states = read_states(warehouse, [account], vendor.streams)
    stopped = {name: state for (_, name), state in states.items() if state.stopped_key}
    probes = [state.next_due_at for state in stopped.values() if state.next_due_at]
    if not probes:
        return ""
    return (
        f"; polls of {', '.join(sorted(stopped))} have stopped, probed once an hour, next at "
        f"{min(probes):%Y-%m-%d %H:%M} UTC"
    )


def _smallest(vendor: Vendor, account: Account) -> Stream:
    """The first of the account's streams that is read by windows: details need their parents."""
    return next(
        stream
        for stream in vendor.streams
        if isinstance(stream, Stream) and stream.name in account.streams
    )


def _last_minute(account: Account, now: datetime) -> Window:
    """The minute before now, as far as it lies in one business day."""
    start = (now - ASKED).replace(microsecond=0)
    end = min(now, day_end(business_day(start, account.timezone), account.timezone))
    return Window(start, end, account.timezone)
