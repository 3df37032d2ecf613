"""At any moment, in any zone, a poll asks for whole seconds that have gone by, or for nothing."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assets.loading.account_stream import AccountStream
from assets.loading.plan import DayState, StreamState, day_windows, live_window, poll_windows
from resources.errors import WindowTooLargeError
from resources.http.answer import Answer
from resources.http.auth import NO_AUTH, Auth
from resources.http.permits import Permit, RequestOutcome
from resources.standin import StandIn, Tenant
from resources.standin.answer import Ask, RefusalError
from resources.vendor_api.vendor import Stream
from resources.vendors import discover
from resources.windows import SECOND, Window, business_day, day_start
from tests.unit import helpers

STREAMS = [
    (vendor, stream)
    for vendor in discover().values()
    for stream in vendor.streams
    if isinstance(stream, Stream)
]
ZONES = sorted(available_timezones() - {"Factory", "localtime"})
CHANGING = ["America/Santiago", "America/Havana", "Africa/Cairo", "Asia/Beirut", "America/Asuncion",
            "America/Sao_Paulo", "Atlantic/Azores", "America/St_Johns", "Pacific/Apia",
            "America/Nuuk", "Asia/Amman"]  # fmt: skip
"""Their clocks change, or changed, at midnight."""


@dataclass(frozen=True)
class Direct:
    """Asks a stand-in vendor without a network."""

    tenant: Tenant

    def get(
        self,
        report: str,
        path: str,
        parse: Callable[[Answer], tuple[Any, int]],
        *,
        params: Mapping[str, str | int],
        auth: Auth = NO_AUTH,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        query = {name: str(value) for name, value in params.items()}
        try:
            said = self.tenant.serve(self.tenant, Ask(path, query, headers or {}, "http://x"))
        except RefusalError as refusal:
            said = refusal.answer
        permit = Permit(1, datetime(2026, 1, 1, tzinfo=UTC), RequestOutcome())
        return parse(Answer(said.status, said.headers, said.encoded(), permit))[0], permit


@st.composite
def moments(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """A zone, and an instant that is mostly about a midnight of it."""
    zone = ZoneInfo(draw(st.sampled_from(CHANGING) | st.sampled_from(ZONES)))
    day = draw(st.dates(date(2005, 1, 1), date(2037, 1, 1)))
    if draw(st.booleans()):
        day = draw(st.sampled_from(changes(zone, day.year)))
    seconds = draw(st.sampled_from([0.0, 1e-6, 0.5, 0.999999, 1.0]) | st.floats(-90_000, 90_000))
    return zone, day_start(day, zone) + timedelta(seconds=seconds)


def changes(zone: ZoneInfo, year: int) -> list[date]:
    """The days of the year that aren't 24 hours long, and their neighbours."""
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    odd = [day for day in days if day_start(day + timedelta(days=1), zone) - day_start(day, zone)
           != timedelta(days=1)]  # fmt: skip
    return [day + timedelta(days=n) for day in odd for n in range(-1, 2)] or days


def check(window: Window, now: datetime) -> None:
    assert window.start + SECOND <= window.end <= now
    assert not window.end.microsecond


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize(("vendor", "stream"), STREAMS, ids=lambda value: value.name)
@given(moment=moments(), ago=st.floats(0, 200_000), is_failed=st.booleans())
@example(moment=(ZoneInfo("America/Santiago"), datetime(2026, 9, 6, 4, tzinfo=UTC)), ago=60,
         is_failed=False)  # fmt: skip
@example(moment=(ZoneInfo("Pacific/Apia"), datetime(2011, 12, 30, 10, tzinfo=UTC)), ago=9e4,
         is_failed=True)  # fmt: skip
def test_a_poll_asks_for_what_has_gone_by_or_for_nothing(
    vendors: StandIn,
    vendor: Any,
    stream: Stream,
    moment: tuple[ZoneInfo, datetime],
    ago: float,
    is_failed: bool,
) -> None:
    zone, now = moment
    account = helpers.account(vendor.name, timezone=zone, start_date=date(2000, 1, 1))
    today = business_day(now, zone)
    state = StreamState(watermark=now - timedelta(seconds=ago), last_polled_at=now)
    days = [today - timedelta(days=n) for n in range(4)]
    unsettled = {day: DayState("failed" if is_failed else None, None) for day in days[1:]}
    source = AccountStream(account, stream)
    live = live_window(source, state, now)
    windows = [window for window, _ in poll_windows(source, state, unsettled, now)]
    windows += day_windows(source, state, days, now)
    client = vendor.client(account, Direct(vendors.tenant(vendor.name, "empty", timezone=zone.key)))
    for window in [*windows, *([live] if live else [])]:
        check(window, now)
        # Wolkvox' empty window of several days is asked for in parts.
        with suppress(WindowTooLargeError) if len(window.days) != 1 else nullcontext():
            assert all(not page.records for page in stream.read(client, window))


@given(moment=moments())
def test_of_a_day_that_has_begun_no_second_is_lost(moment: tuple[ZoneInfo, datetime]) -> None:
    """What a day's window ends with, the next one begins with."""
    zone, now = moment
    _, stream = next(pair for pair in STREAMS if pair[1].live == "day")
    account = helpers.account("clickfono", timezone=zone, start_date=date(2000, 1, 1))
    later = now + timedelta(days=3)
    today = business_day(later, zone)
    days = [today - timedelta(days=n) for n in range(5, -1, -1)]
    source = AccountStream(account, stream)
    windows = day_windows(source, StreamState(), days, later)[::-1]
    for one, other in pairwise(windows):
        assert one.end == other.start
