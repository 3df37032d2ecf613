"""`callhouse check`: whether loading can work: database, schema, and each vendor's answer."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from assets.loading.load import read_states
from pipelines.commands import console
from resources.account import Account
from resources.errors import CallhouseError, ClockError, DeferredError, PermanentError
from resources.http import Http, Transport
from resources.permits import Limiter, Patience
from resources.schema_version import require_head
from resources.vendor import Stream, Vendor
from resources.vendors import discover
from resources.warehouse import Warehouse
from resources.windows import Window, business_day, day_end

THREADS = 16
PATIENCE = Patience(backfill=False, longest=timedelta(seconds=10), returns=False)
ASKED = timedelta(minutes=1)
"""The smallest question that every vendor answers: its last minute."""


@dataclass(frozen=True)
class Finding:
    """What was found of one thing; `well` None: it can't be said now."""

    what: str
    well: bool | None
    told: str


def check_schema(url: str) -> Finding:
    """Whether the warehouse has the tables that this version of Callhouse works with."""
    try:
        return Finding("database", True, f"reachable, schema {require_head(url)}")
    except CallhouseError as error:
        return Finding("database", False, str(error))


def check_clock(url: str) -> Finding:
    """Whether this host's clock and the database's agree."""
    with closing(Warehouse(url, pool_size=1)) as warehouse:
        try:
            warehouse.clock.require_agreement()
        except ClockError as error:
            return Finding("clock", False, str(error))
    return Finding("clock", True, "agrees with the database's")


def check_accounts(url: str, accounts: Mapping[str, Account]) -> list[Finding]:
    """One small request for each account. One that stopped and is accepted goes on."""
    with closing(Warehouse(url)) as warehouse:
        limiter, transport = Limiter(warehouse), Transport()
        try:
            with ThreadPoolExecutor(THREADS) as pool:
                return list(
                    pool.map(lambda a: _check(warehouse, limiter, transport, a), accounts.values())
                )
        finally:
            limiter.close()
            transport.close()


def print_findings(findings: list[Finding]) -> None:
    """A line each."""
    marks = {True: "ok", False: "wrong", None: "not now"}
    console.table(("", "state", ""), ((f.what, marks[f.well], f.told) for f in findings))


def _check(
    warehouse: Warehouse, limiter: Limiter, transport: Transport, account: Account
) -> Finding:
    vendor = discover()[account.vendor]
    stream = _smallest(vendor, account)
    client = vendor.client(account, Http(transport, limiter, account, stream.name, PATIENCE))
    try:
        for _ in islice(stream.read(client, _last_minute(account, warehouse.now())), 1):
            pass
    except DeferredError as error:
        return Finding(account.name, None, f"secrets are there, but {error}")
    except PermanentError as error:
        told = f"{error}: put a working credential in place{_stopped(warehouse, account, vendor)}"
        return Finding(account.name, False, told)
    except CallhouseError as error:
        return Finding(account.name, False, f"{error}{_stopped(warehouse, account, vendor)}")
    resumed = warehouse.rows("status/resume_account", account=account.name)
    told = f"{vendor.title} answers ({stream.name})"
    return Finding(account.name, True, f"{told}; its polls go on" if resumed else told)


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
