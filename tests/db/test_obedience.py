"""What vendors answer is obeyed: real HTTP, a real Postgres, and every request counted."""

import gzip
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from resources.account import Account
from resources.errors import (
    CallhouseError,
    DeferredError,
    PermanentError,
    QuotaExhaustedError,
    TransientError,
    WindowTooLargeError,
)
from resources.http import client, content, retries
from resources.http.client import Http
from resources.http.permits import Limiter, Patience
from resources.http.retries import ATTEMPTS
from resources.http.transport import Transport
from resources.postgres.warehouse import Warehouse
from resources.standin import Fault, StandIn, Tenant
from resources.standin.answer import Answer
from resources.vendors import discover
from resources.vendors.wolkvox import client as wolkvox
from resources.windows import Window
from tests.db.conftest import AccountOf
from tests.db.permits.waiter import AT_ONCE, Clock, clear

DAY = date(2026, 3, 10)
SOON = Patience(backfill=False, longest=timedelta(seconds=20), returns=False)
ZONE = ZoneInfo("America/Bogota")


@pytest.fixture
def warehouse(shared_warehouse: Warehouse) -> Warehouse:
    clear(shared_warehouse)
    return shared_warehouse


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of the pauses that nobody prescribes, and what a refusal for concurrency takes."""
    monkeypatch.setattr(retries, "THROTTLED_S", 0.2)
    monkeypatch.setattr(client, "FAILED_S", 0.01)
    monkeypatch.setattr(wolkvox, "PAUSE", timedelta(seconds=1))


@pytest.fixture
def tenant(standin: StandIn) -> Tenant:
    return standin.tenant("wolkvox", "acme", min_interval_s=0, operation="acme")


@pytest.fixture
def account(account_of: AccountOf, tenant: Tenant) -> Account:
    return account_of(tenant)


class Asker:
    """A process of its own, as far as the limiter can tell."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.limiter = Limiter(warehouse)
        self.transport = Transport()

    def ask(self, account: Account, patience: Patience = SOON, stream: str = "calls") -> int:
        """Reads a window of the stream; returns the number of records."""
        vendor = discover()[account.vendor]
        client = vendor.client(
            account, Http(self.transport, self.limiter, account, stream, patience)
        )
        window = Window.of_days((DAY,), account.timezone, datetime.now(UTC))
        read: Any = vendor.stream(stream).read
        return sum(len(page.records) for page in read(client, window))

    def close(self) -> None:
        self.limiter.close()
        self.transport.close()


@pytest.fixture
def asker(warehouse: Warehouse) -> Iterator[Asker]:
    asker = Asker(warehouse)
    yield asker
    asker.close()


@pytest.fixture
def other(warehouse: Warehouse) -> Iterator[Asker]:
    other = Asker(warehouse)
    yield other
    other.close()


def ledger(warehouse: Warehouse) -> list[Any]:
    with warehouse.transaction() as connection:
        rows = connection.execute(sa.text("SELECT status FROM ops.requests ORDER BY id"))
        return [row.status for row in rows]


def in_an_hour() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize("status", [429, 503, 500, 403, 409])
@pytest.mark.parametrize("by_date", [False, True], ids=["seconds", "date"])
def test_retry_after_holds_everybody(
    standin: StandIn,
    tenant: Tenant,
    account: Account,
    asker: Asker,
    other: Asker,
    status: int,
    by_date: bool,
) -> None:
    """Another process, and another report: all that use the credential."""
    tenant.arm(Fault.status(status, retry_after=in_an_hour() if by_date else "3600"))
    errors: list[CallhouseError] = []
    for who, stream in ((asker, "calls"), (other, "calls"), (other, "unconnected_calls")):
        with pytest.raises(CallhouseError) as caught:
            who.ask(account, stream=stream)
        errors.append(caught.value)
    assert len(standin.requests) == 1
    assert all(isinstance(error, DeferredError) for error in errors[1:])
    for error in errors[1:]:
        assert isinstance(error, DeferredError)
        pause = error.until - datetime.now(UTC)
        assert timedelta(minutes=59) < pause < timedelta(minutes=61)


def test_a_pause_is_kept_also_where_the_answer_can_not_be_read(
    standin: StandIn, tenant: Tenant, account: Account, asker: Asker, other: Asker
) -> None:
    """By the vendor's Retry-After; without one by ours, as a 429 asks for one in any case."""
    for headers in ({"retry-after": "1"}, {}):

        def spoil(answer: Answer, headers: dict[str, str] = headers) -> None:
            answer.status, answer.body = 429, b"no gzip"
            answer.headers |= {"content-encoding": "gzip"} | headers

        tenant.arm(Fault("unreadable", spoil))
        with pytest.raises(CallhouseError):
            asker.ask(account, AT_ONCE)
        with pytest.raises(DeferredError, match="the vendor asked for a pause"):
            other.ask(account, AT_ONCE)
        assert other.ask(account) == 0
    assert len(standin.requests) == 4


def test_a_short_pause_is_waited_for(
    standin: StandIn, tenant: Tenant, account: Account, asker: Asker, warehouse: Warehouse
) -> None:
    tenant.arm(Fault.status(429, retry_after="1"))
    assert asker.ask(account) == 0
    first, second = standin.requests
    assert 1 <= second.started - first.ended < 3
    assert ledger(warehouse) == [429, 404]


def test_a_429_that_says_no_time_holds_everybody_too(
    tenant: Tenant, account: Account, asker: Asker, other: Asker, standin: StandIn
) -> None:
    tenant.arm(Fault.status(429), times=2)
    assert asker.ask(account) == 0
    first, second, third = standin.requests
    assert second.started - first.ended >= 0.2
    assert third.started - second.ended >= 0.4
    tenant.arm(Fault.status(503), times=9)
    with pytest.raises(DeferredError, match="the vendor asked for a pause"):
        asker.ask(account, AT_ONCE)
    with pytest.raises(DeferredError, match="the vendor asked for a pause"):
        other.ask(account, AT_ONCE)
    assert len(standin.requests) == 4


@pytest.mark.parametrize(
    ("status", "retry_after"),
    [
        (429, "0"),
        pytest.param(503, "Tue, 10 Mar 2020 15:31:00 GMT", marks=pytest.mark.long),
        pytest.param(503, "0", marks=pytest.mark.long),
        pytest.param(503, "-1", marks=pytest.mark.long),
    ],
)
def test_a_pause_of_nothing_is_ours_and_grows_over_attempts_and_polls(
    tenant: Tenant,
    account: Account,
    asker: Asker,
    other: Asker,
    standin: StandIn,
    status: int,
    retry_after: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retries, "THROTTLED_S", 0.05)
    tenant.arm(Fault.status(status, retry_after=retry_after), times=99)
    for who in (asker, other):
        with pytest.raises(CallhouseError):
            who.ask(account)
    asked = standin.requests
    between = [after.started - before.ended for before, after in pairwise(asked)]
    assert len(asked) >= 6
    assert all(gap >= 0.05 * 2**n for n, gap in enumerate(between)), between


def test_there_is_one_retry_layer_and_retries_count(
    standin: StandIn, tenant: Tenant, account_of: AccountOf, asker: Asker, warehouse: Warehouse
) -> None:
    account = account_of(tenant, limits={"daily_requests": 100})
    tenant.arm(Fault.status(500), times=99)
    with pytest.raises(TransientError, match="HTTP 500"):
        asker.ask(account)
    assert len(standin.requests) == ATTEMPTS
    assert ledger(warehouse) == [500] * ATTEMPTS
    with warehouse.transaction() as connection:
        used = connection.execute(sa.text("SELECT used FROM ops.quotas")).scalar()
    assert used == ATTEMPTS


def test_a_failure_is_not_hidden_by_the_wait_before_its_retry(
    standin: StandIn, tenant: Tenant, account_of: AccountOf, asker: Asker
) -> None:
    """Where a report may be asked every five minutes, a poll would never see it fail."""
    tenant.arm(Fault.status(500), times=99)
    with pytest.raises(TransientError, match="HTTP 500"):
        asker.ask(account_of(tenant, limits={"min_interval_s": 300}))
    assert len(standin.requests) == 1


def packed(size: int) -> Fault:
    """A small body that unpacks to `size` bytes; made beforehand, as memory is measured."""
    body = gzip.compress(bytes(size), 1)

    def spoil(answer: Answer) -> None:
        answer.body, answer.headers["content-encoding"] = body, "gzip"

    return Fault("packed", spoil)


@pytest.mark.parametrize("big", [Fault.oversized, packed])
def test_an_answer_that_is_too_big_is_cut_off_before_it_fills_memory(
    tenant: Tenant,
    account_of: AccountOf,
    asker: Asker,
    warehouse: Warehouse,
    big: Callable[[int], Fault],
) -> None:
    size = 200_000_000
    tenant.arm(big(size), times=9)
    account = account_of(tenant, limits={"max_bytes": 1_000_000})
    tracemalloc.start()
    try:
        with pytest.raises(WindowTooLargeError, match="bigger than 1,000,000 bytes"):
            asker.ask(account)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    with warehouse.transaction() as connection:
        came = connection.execute(sa.text("SELECT bytes FROM ops.requests")).scalar_one()
    assert 1_000_000 < came <= 1_000_000 + content.PIECE
    assert peak < 10_000_000


def test_too_many_at_once_is_waited_out(
    standin: StandIn, tenant: Tenant, account: Account, asker: Asker, other: Asker
) -> None:
    tenant.arm(Fault.refusal("EXCEEDS THE LIMIT OF SIMULTANEOUS REQUESTS PER TOKEN (2)"))
    with pytest.raises(DeferredError, match="the vendor asked for a pause"):
        asker.ask(account, AT_ONCE)
    with pytest.raises(DeferredError, match="the vendor asked for a pause"):
        other.ask(account, AT_ONCE, "unconnected_calls")
    assert other.ask(account) == 0
    first, second = standin.requests
    assert second.started - first.ended >= 1


@pytest.mark.parametrize("licensed", [True, False])
def test_a_used_up_quota_stops_the_operation_until_the_vendors_next_day(
    standin: StandIn,
    tenant: Tenant,
    account_of: AccountOf,
    asker: Asker,
    other: Asker,
    warehouse: Warehouse,
    licensed: bool,
) -> None:
    """Every token of it, in every process; and whether or not we count the quota ourselves. The
    day is a minute old then, as the vendor's clock may be slow.
    """
    clock = Clock(warehouse, datetime(2026, 3, 10, 20, tzinfo=UTC))
    limits = {"daily_requests": 1000 if licensed else None}
    first = account_of(tenant, operation="acme", limits=dict(limits))
    sister = standin.tenant("wolkvox", "sister", operation="acme", min_interval_s=0)
    second = account_of(sister, operation="acme", limits=dict(limits))
    tenant.arm(Fault.refusal("TOKEN LIMIT EXCEEDED"))
    midnight = datetime(2026, 3, 11, tzinfo=ZONE)
    for who, account in ((asker, first), (asker, first), (other, first), (other, second)):
        with pytest.raises(QuotaExhaustedError, match="2026-03-11 00:00") as caught:
            who.ask(account)
        assert caught.value.until == midnight
    assert len(standin.requests) == 1
    clock.set(midnight + timedelta(minutes=1))
    assert asker.ask(first) == other.ask(second) == 0


def test_a_vendors_slow_clock_at_midnight_does_not_cost_the_new_day(
    standin: StandIn, tenant: Tenant, account: Account, asker: Asker, warehouse: Warehouse
) -> None:
    clock = Clock(warehouse, datetime(2026, 3, 11, 0, 0, 5, tzinfo=ZONE))
    tenant.arm(Fault.refusal("TOKEN LIMIT EXCEEDED"))
    for _ in range(2):
        with pytest.raises(QuotaExhaustedError) as caught:
            asker.ask(account)
        assert caught.value.until == datetime(2026, 3, 11, 0, 15, tzinfo=ZONE)
    clock.set(caught.value.until)
    assert asker.ask(account) == 0


def test_a_wrong_token_is_told_at_once(
    standin: StandIn, tenant: Tenant, account: Account, asker: Asker
) -> None:
    tenant.token = "another"
    with pytest.raises(PermanentError, match="PLEASE VALIDATE TOKEN"):
        asker.ask(account)
    assert len(standin.requests) == 1
