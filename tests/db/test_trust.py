"""Which days `marts.trust_by_day` calls trusted, and what it says of the others."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from resources.postgres.warehouse import Warehouse
from tests.db.facts import (
    at,
    mark_stale,
    put,
    put_account,
    put_day,
    query,
    today_in,
)

MOVED = "loaded as a day of Europe/Warsaw, and the account is in America/Bogota now"
UNREAD = "not read whole, and not at all since 2026-03-10 09:00 UTC"
REJECT = "1 of 1000 records couldn't become facts"


@pytest.mark.parametrize(
    ("changes", "trust", "why"),
    [
        ({"state": "open", "facts": 999, "rejects": 1}, "not_read", [UNREAD, REJECT]),
        ({"state": "failed", "facts": 999, "rejects": 1}, "wrong", ["HTTP 500", REJECT]),
        ({"state": "failed"}, "wrong", ["HTTP 500"]),
        ({"state": "failed", "note": None}, "wrong", ["a read failed"]),
        ({"state": "open", "timezone": "Europe/Warsaw"}, "not_read", [UNREAD, MOVED]),
        ({"expired_at": at("9:00:00"), "timezone": "Europe/Warsaw"}, "trusted", [MOVED]),
        ({"timezone": "Europe/Warsaw", "facts": 990, "rejects": 10}, "provisional",
         [MOVED, "10 of 1000 records couldn't become facts"]),
        ({"vendor_total": 1200, "facts": 999, "rejects": 1, "note": "200 never came"}, "trusted",
         [REJECT, "200 never came"]),
        ({"vendor_total": 1000, "facts": 999, "rejects": 1, "note": "1 rejected"}, "trusted",
         [REJECT]),
    ],
)  # fmt: skip
def test_a_day_is_as_bad_as_the_worst_of_its_reasons_and_tells_all_worst_first(
    warehouse: Warehouse, changes: dict[str, Any], trust: str, why: list[str]
) -> None:
    day = today_in("America/Bogota") - timedelta(days=3)
    note = {"open": None, "failed": "HTTP 500"}.get(changes.get("state", ""))
    values = {"timezone": "America/Bogota", "raw_records": 1000, "facts": 1000, "note": note,
              "last_polled_at": datetime(2026, 3, 10, 9, tzinfo=UTC)}  # fmt: skip
    with warehouse.transaction() as c:
        put_account(c, start_date=day, timezone="America/Bogota")
        put_day(c, call_date=day, **values | changes)
    asked = "SELECT trust, why FROM marts.trust_by_day WHERE call_date = :day"
    assert query(warehouse, asked, day=day) == [(trust, f"calls: {'; '.join(why)}")]


WARSAW = {"timezone": "Europe/Warsaw"}
BY_MISTAKE = {"made_for": ["America/Bogota, CO, COP", "Europe/Warsaw, CO, COP"]}
EMPTY = {"raw_records": 0, "facts": 0}
EXPIRED = {"expired_at": at("9:00:00")}


@pytest.mark.parametrize(
    ("beside", "own", "trust", "is_told"),
    [
        (WARSAW, {}, "provisional", True),
        (WARSAW, EMPTY, "provisional", True),
        (BY_MISTAKE, {}, "provisional", True),
        (BY_MISTAKE, EMPTY, "provisional", True),
        ({"timezone": "America/Lima"}, {}, "trusted", False),  # another name of the same day
        ({"made_for": ["America/Lima, CO, COP"]}, {}, "trusted", False),
        ({"made_for": ["America/Bogota, PE, PEN"]}, {}, "trusted", False),
        (WARSAW | EMPTY, {}, "trusted", False),
        # What is gone for its age moves no more.
        (WARSAW | EXPIRED, {}, "trusted", True),
        (BY_MISTAKE | EXPIRED, {}, "trusted", True),
        (WARSAW, EXPIRED, "trusted", True),
    ],
)
@pytest.mark.parametrize("step", [-1, 1])
def test_calls_of_a_day_may_be_on_the_day_beside_it_that_was_made_by_another_time_zone(
    warehouse: Warehouse, beside: dict[str, Any], own: dict[str, Any], trust: str, is_told: bool,
    step: int,
) -> None:  # fmt: skip
    day = today_in("America/Bogota") - timedelta(days=3)
    values = {"timezone": "America/Bogota", "raw_records": 9, "facts": 9}
    with warehouse.transaction() as c:
        put_account(c, start_date=day, timezone="America/Bogota")
        put_day(c, call_date=day, **values | own)
        put_day(c, call_date=day + timedelta(days=step), **values | beside)
    told = (
        f"calls: {day + timedelta(days=step)} was loaded as a day of Europe/Warsaw: "
        "calls of this one may be there"
    )
    asked = "SELECT trust, why FROM marts.trust_by_day WHERE call_date = :day"
    assert query(warehouse, asked, day=day) == [(trust, told if is_told else None)]


@pytest.mark.parametrize(
    ("changes", "trust", "why"),
    [
        ({"state": "complete"}, "trusted", None),
        ({"state": "open"}, "not_read", UNREAD),
        ({"state": "failed", "note": "HTTP 500"}, "wrong", "HTTP 500"),
        ({"state": "open", "facts": 0, "rejects": 9}, "trusted", None),
        ({"facts": 0}, "wrong", "facts and rejects aren't as many as the records"),
    ],
)
def test_a_stream_that_is_not_loaded_any_more_counts_where_it_is_in_the_figures(
    warehouse: Warehouse, changes: dict[str, Any], trust: str, why: str | None
) -> None:
    day = today_in("Europe/Warsaw") - timedelta(days=3)
    read = {"raw_records": 9, "last_polled_at": datetime(2026, 3, 10, 9, tzinfo=UTC)}
    with warehouse.transaction() as c:
        put_account(c, start_date=day)
        put(c, "ops.streams", account="acme", stream="unconnected_calls", vendor="conpeek")
        put_day(c, call_date=day)
        put_day(c, call_date=day, stream="unconnected_calls", **{"facts": 9} | read | changes)
    asked = "SELECT trust, why FROM marts.trust_by_day WHERE call_date = :day"
    told = why and f"unconnected_calls (not loaded any more): {why}"
    assert query(warehouse, asked, day=day) == [(trust, told)]


@pytest.mark.parametrize(
    ("facts", "rejects", "missing", "gone", "is_expired", "trust", "why"),
    [
        (10, 1, 1, 1, False, "trusted", None),
        (201, 2, 200, 0, False, "wrong", "calls: 2 of 3 records couldn't become facts"),
        # Which of them were gone isn't known any more: the worst of what may be is said.
        (10, 1, 1, 0, True, "wrong", "calls: 1 of 10 records couldn't become facts"),
        (0, 1, 1, 1, False, "trusted", None),
        (0, 1, 1, 1, True, "wrong", "calls: 1 of 1 records couldn't become facts"),
    ],
)
def test_rejects_count_among_what_the_vendor_still_has(
    warehouse: Warehouse, facts: int, rejects: int, missing: int, gone: int, is_expired: bool,
    trust: str, why: str | None,
) -> None:  # fmt: skip
    day = today_in("Europe/Warsaw") - timedelta(days=3)
    seen = datetime(2026, 3, 10, tzinfo=UTC)
    with warehouse.transaction() as c:
        put_account(c, start_date=day)
        put_day(c, call_date=day, raw_records=facts + rejects, facts=facts, rejects=rejects,
                missing=missing, expired_at=seen if is_expired else None)  # fmt: skip
        for number in range(0 if is_expired else rejects):
            put(c, "raw.heads", account="acme", stream="calls", record_key=f"{number}", version=1,
                call_date=day, digest=f"{number:032}", observed_at=seen, first_seen_at=seen,
                rejected=True, missing_since=seen if number < gone else None)  # fmt: skip
    asked = "SELECT trust, why FROM marts.trust_by_day WHERE call_date = :day"
    assert query(warehouse, asked, day=day) == [(trust, why)]


@pytest.mark.parametrize("streams", [["calls", "unconnected_calls"], ["unconnected_calls"]])
@pytest.mark.parametrize("nights", [None, 1])
def test_a_stream_that_came_after_its_day_had_gone_for_its_age_is_in_no_mart_and_trust_says_so(
    warehouse: Warehouse, streams: list[str], nights: int | None
) -> None:
    """Also when it has gone itself, a night later, and where the other isn't loaded any more."""
    day = today_in("Europe/Warsaw") - timedelta(days=3)
    gone = nights and at("9:00:00") + timedelta(days=nights)
    with warehouse.transaction() as c:
        put_account(c, start_date=day, streams=streams)
        put_day(c, call_date=day, raw_records=1, facts=1, expired_at=at("9:00:00"))
        put_day(c, call_date=day, raw_records=1, facts=1, stream="unconnected_calls",
                expired_at=gone)  # fmt: skip
    why = "unconnected_calls: in no mart, as the account's day had gone for its age before"
    asked = "SELECT trust, why FROM marts.trust_by_day WHERE call_date = :day"
    assert query(warehouse, asked, day=day) == [("wrong", why)]


def test_the_worst_stream_is_told_first(warehouse: Warehouse) -> None:
    day = today_in("Europe/Warsaw") - timedelta(days=3)
    with warehouse.transaction() as c:
        put_account(c, start_date=day, streams=["calls", "steps", "usage"])
        put_day(c, call_date=day, raw_records=1000, facts=999, rejects=1)
        put_day(c, call_date=day, stream="steps", state="settling")
        put_day(c, call_date=day, stream="usage", state="failed", note="HTTP 500")
        mark_stale(c, day)
    [row] = query(
        warehouse, "SELECT trust, why FROM marts.trust_by_day WHERE call_date = :day", day=day
    )
    told = ("usage: HTTP 500", "steps: records may still change",
            "the marts are being brought up to date", f"calls: {REJECT}")  # fmt: skip
    assert row == ("not_read", "; ".join(told))


@pytest.mark.parametrize(
    ("hour", "told"),
    [
        (1, ("provisional", "calls: not read whole yet")),
        (4, ("not_read", "calls: not read whole, and not at all since 2026-03-10 09:00 UTC")),
    ],
)
def test_a_day_read_in_part_is_true_so_far_for_some_hours_after_its_end(
    warehouse: Warehouse, hour: int, told: tuple[str, str]
) -> None:
    behind = (datetime.now(UTC).hour - hour + 11) % 24 - 11
    zone = f"Etc/GMT{behind:+}"  # where it is that hour now: its names have their signs so
    day = today_in(zone) - timedelta(days=1)
    with warehouse.transaction() as c:
        put_account(c, start_date=day, timezone=zone)
        put_day(c, call_date=day, timezone=zone, state="open", raw_records=1, facts=1,
                last_polled_at=datetime(2026, 3, 10, 9, tzinfo=UTC))  # fmt: skip
    asked = "SELECT trust, why FROM marts.trust_by_day WHERE NOT is_today"
    assert query(warehouse, asked) == [told]
