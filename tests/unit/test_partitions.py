"""The partition set: from the first account's start to the furthest account's today."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from assets.partitions import business_days, day_range, furthest_ahead
from pipelines.schedules import poll_tags
from resources.vendors import discover
from resources.windows import business_day, days_between
from tests.unit import helpers

ZONES = [
    "America/Bogota", "America/Sao_Paulo", "America/Santiago", "Europe/Warsaw", "Asia/Kathmandu",
    "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham",
    "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC",
]  # fmt: skip
LOADED = datetime(2026, 1, 15, 9, tzinfo=UTC)
"""When the definitions were read; they are asked for months afterwards."""
MOMENTS = [
    LOADED + timedelta(days=days, hours=hours, minutes=minutes)
    for days in (0, 1, 74, 80, 200, 233, 290)
    for hours in range(24)
    for minutes in (0, 46)
]


def keys_at(days: dg.TimeWindowPartitionsDefinition, now: datetime) -> list[str]:
    return list(days.get_partition_keys(now))


@pytest.mark.parametrize("zone", ZONES)
def test_the_last_partition_is_the_accounts_own_today_for_as_long_as_dagster_runs(
    zone: str,
) -> None:
    account = helpers.account("conpeek", timezone=ZoneInfo(zone), start_date=date(2026, 1, 1))
    days = business_days([account], LOADED)
    for now in MOMENTS:
        with dg.partition_loading_context(effective_dt=now):
            assert days.get_last_partition_key() == f"{business_day(now, account.timezone)}", now
    every_day = days_between(account.start_date, business_day(MOMENTS[-1], account.timezone))
    assert keys_at(days, MOMENTS[-1]) == [day.isoformat() for day in every_day]


@pytest.mark.parametrize("at", ["2026-03-10T09:00:00Z", "2026-03-10T11:00:00Z"])
def test_it_ends_with_the_account_that_is_furthest_ahead(at: str) -> None:
    now = datetime.fromisoformat(at)
    accounts = [
        helpers.account("conpeek", timezone=ZoneInfo(zone), start_date=date(2026, 3, 1))
        for zone in ZONES
    ]
    todays = {business_day(now, account.timezone) for account in accounts}
    assert len(todays) > 1
    assert keys_at(business_days(accounts, now), now)[-1] == max(todays).isoformat()


def test_of_zones_that_share_their_days_the_one_that_will_be_ahead_counts() -> None:
    """In winter London and Lagos' neighbour Accra have the same time; in summer London is ahead."""
    winter = datetime(2026, 1, 15, tzinfo=UTC)
    zones = [ZoneInfo("Africa/Accra"), ZoneInfo("Europe/London")]
    assert furthest_ahead(zones, winter).key == "Europe/London"
    assert furthest_ahead([], winter).key == "UTC"


@pytest.mark.parametrize(
    ("zone", "at", "today"),
    [
        ("Pacific/Kiritimati", "2026-03-10T10:30:00Z", "2026-03-11"),
        ("Pacific/Pago_Pago", "2026-03-10T10:30:00Z", "2026-03-09"),
        ("Europe/Warsaw", "2026-03-10T23:30:00Z", "2026-03-11"),
    ],
)
def test_on_its_first_day_an_account_is_polled_for_that_day_alone(
    zone: str, at: str, today: str
) -> None:
    now = datetime.fromisoformat(at)
    start = date.fromisoformat(today)
    account = helpers.account("conpeek", timezone=ZoneInfo(zone), start_date=start)
    days = business_days([account], now)
    assert keys_at(days, now) == [today]
    tags = poll_tags(discover()["conpeek"], [account], [account], now, days)
    assert tags["dagster/asset_partition_range_start"] == today
    assert tags["dagster/asset_partition_range_end"] == today


def test_a_poll_of_days_that_dagster_does_not_know_yet_is_about_the_nearest() -> None:
    """An account that came into the file since: further ahead, and with an earlier start."""
    now = datetime(2026, 3, 10, 11, tzinfo=UTC)
    known = business_days([helpers.account("conpeek", start_date=date(2026, 3, 10))], now)
    new = helpers.account("conpeek", timezone=ZoneInfo("Pacific/Auckland"))
    tags = poll_tags(discover()["conpeek"], [new], [new], now, known)
    assert tags["dagster/asset_partition_range_start"] == "2026-03-10"
    assert tags["dagster/asset_partition_range_end"] == "2026-03-10"


def test_there_is_no_range_before_the_first_day() -> None:
    now = datetime(2026, 3, 10, 11, tzinfo=UTC)
    days = business_days([helpers.account("conpeek", start_date=date(2026, 3, 20))], now)
    assert keys_at(days, now) == []
    assert day_range([now.date()], days, now) is None
