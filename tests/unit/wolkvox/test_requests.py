"""What Wolkvox is asked."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from resources.standin import StandIn
from resources.windows import Window
from sql.vocabulary import Tells
from tests.unit.helpers import account, client
from tests.unit.wolkvox.conftest import (
    AFTERWARDS,
    NEW_YORK,
    REPORTS,
    VENDOR,
    ZONE,
    Read,
    each_stream,
    records,
)


@each_stream
def test_a_day_is_one_request(read: Read, asked: Any, stream: str) -> None:
    (page,) = read(stream)
    assert page.records == records(stream)
    assert page.total == 2
    end = "20260310235959" if stream == "agent_usage" else "20260311000000"
    assert asked() == [(REPORTS[stream], "20260310000000", end)]


def test_one_request_may_span_a_month(read: Read, asked: Any) -> None:
    days = tuple(date(2026, 3, 1) + timedelta(days=n) for n in range(31))
    window = Window.of_days(days, ZONE, AFTERWARDS)
    read("calls", window)
    assert asked() == [("cdr_1", "20260301000000", "20260401000000")]
    assert VENDOR.limits.max_window_days == 31
    spanning = {s.name: getattr(s, "spans_days", None) for s in VENDOR.streams}
    assert spanning == {"agent_usage": False, "calls": True, "unconnected_calls": True}


def test_totals_are_asked_for_from_midnight_whatever_the_window(read: Read, asked: Any) -> None:
    noon = datetime(2026, 3, 10, 17, tzinfo=UTC)
    read("agent_usage", Window(noon, noon + timedelta(minutes=5), ZONE))
    assert asked() == [("cdr_2", "20260310000000", "20260310120459")]
    with pytest.raises(ValueError, match="more than one business day"):
        read("agent_usage", Window(noon, noon + timedelta(days=1), ZONE))


def test_an_hour_that_comes_twice_is_asked_for_whole(read: Read, asked: Any) -> None:
    """New York's clocks went back from 2:00 to 1:00 on 1 November 2026."""
    start = datetime(2026, 11, 1, 5, 50, tzinfo=UTC)  # 1:50 the first time
    window = Window(start, start + timedelta(minutes=20), NEW_YORK)  # 1:10 the second time
    read("calls", window, timezone=NEW_YORK)
    assert asked() == [("cdr_1", "20261101005000", "20261101021000")]
    day = Window.of_days((date(2026, 11, 1),), NEW_YORK, datetime(2026, 12, 1, tzinfo=UTC))
    assert [f"{t:%d %H:%M:%S}" for t in day.wall_times] == ["01 00:00:00", "01 23:59:59"]


@each_stream
def test_an_empty_window_is_empty(read: Read, vendors: StandIn, stream: str) -> None:
    (page,) = read(stream, Window.of_days((date(2026, 3, 8),), ZONE, AFTERWARDS))
    assert (page.records, page.total) == ([], None)
    assert vendors.requests[-1].status == 404


@pytest.mark.parametrize(
    ("base_url", "server"),
    [
        ("https://wv0012.wolkvox.com", "0012"),
        ("https://wv0012.wolkvox.com/some/path", "0012"),
        ("http://127.0.0.1:8000/wolkvox/demo", None),
    ],
)
def test_the_server_is_named_as_in_the_documents_sample(base_url: str, server: str | None) -> None:
    with client(account("wolkvox", base_url=base_url)) as wolkvox:
        headers = wolkvox._server()
    assert headers == ({"wolkvox_server": server} if server else {})


def test_the_documents_limits_are_declared() -> None:
    limits = VENDOR.limits
    assert (limits.concurrency, limits.min_interval_s, limits.timeout_s) == (1, 300, 60)
    assert limits.max_bytes == 256 * 1024 * 1024
    assert VENDOR.requests_per_license == 1000
    assert VENDOR.poll_every == timedelta(minutes=5)
    assert all("document" in s or "APIs Reports Manager" in s for s in limits.sources.values())


def test_what_is_told_goes_by_the_streams_that_are_loaded() -> None:
    """The answered calls and the lost ones are two streams: one of them alone makes no rate."""
    of_calls = {Tells.TALK, Tells.AGENTS, Tells.QUEUES, Tells.COSTS}
    for streams, told in (
        (("calls", "unconnected_calls"), of_calls | {Tells.ABANDONED}),
        (("agent_usage", "calls"), of_calls),
        (("unconnected_calls",), set()),
    ):
        assert VENDOR.told(account("wolkvox", streams=streams)) == told
        only = VENDOR.only(streams)
        assert only.told(account("wolkvox", streams=streams)) == told, "as a run has it"
