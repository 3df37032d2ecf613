"""The night: what a tick asks for at which moment, and what becomes of it. Dagster's own objects,
real HTTP from the stand-in vendors, a real Postgres; the moments are moved, not waited for.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.utils import make_new_run_id

from assets.partitions import business_days
from assets.resource import ACCOUNTS_TAG, KIND_TAG, POLL, CallhouseResource
from pipelines.definitions import build_defs
from pipelines.schedules import MOST_POLLS
from resources.postgres.warehouse import Warehouse
from resources.standin.faults import Fault
from resources.standin.server import StandIn
from resources.standin.tenant import Tenant
from resources.vendors import discover
from tests.unit import helpers

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SUNDAY = date(2026, 3, 1)


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin
        assert not standin.breaches


@pytest.fixture
def warehouse(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    monkeypatch.setenv("CALLHOUSE_DATABASE_URL", database_url)
    warehouse = Warehouse(database_url)
    yield warehouse
    warehouse.close()


@pytest.fixture(scope="module")
def _instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


@pytest.fixture
def instance(_instance: dg.DagsterInstance) -> dg.DagsterInstance:
    _instance.wipe()
    return _instance


@cache
def definitions() -> dg.Definitions:
    """Made once: of the accounts they only want to know which days there are."""
    furthest = helpers.account("conpeek", timezone=ZoneInfo("Pacific/Kiritimati"))
    return build_defs({"any": furthest, "gone": helpers.account("evolux")})


Accounts = Callable[..., None]


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Accounts:
    """Writes the accounts file: the settings of each account by its name."""
    file = tmp_path / "accounts.toml"
    monkeypatch.setenv("CALLHOUSE_ACCOUNTS", str(file))

    def write(**entries: Mapping[str, Any]) -> None:
        lines = []
        for name, entry in entries.items():
            settings: dict[str, Any] = {
                "start_date": SUNDAY.isoformat(),
                "base_url": "https://x.example",
                **entry,
            }
            token = settings.pop("token", f"token of {name}")
            (tmp_path / f"{name}.token").write_text(token, encoding="utf-8")
            lines.append(f"[accounts.{name}]")
            lines += [
                f"{key} = {value}" if key == "start_date" else f"{key} = {value!r}"
                for key, value in settings.items()
            ]
            lines.append(f'credentials.token = {{ file = "{tmp_path / name}.token" }}')
        file.write_text("\n".join(lines), encoding="utf-8")

    return write


def tick(
    instance: dg.DagsterInstance,
    at: datetime,
    vendor: str = "conpeek",
    defs: dg.Definitions | None = None,
) -> dg.RunRequest | str:
    """What the vendor's schedule asks for at the moment, or why it asks for nothing."""
    schedule = (defs or definitions()).resolve_schedule_def(f"{vendor}_poll")
    with dg.build_schedule_context(
        instance, scheduled_execution_time=at, resources={"callhouse": CallhouseResource()}
    ) as context:
        told = schedule.evaluate_tick(context)
    return told.run_requests[0] if told.run_requests else told.skip_message or ""


def days_of(asked: dg.RunRequest | str) -> tuple[str, str]:
    assert isinstance(asked, dg.RunRequest), asked
    tags = asked.tags
    return (
        tags["dagster/asset_partition_range_start"],
        tags["dagster/asset_partition_range_end"],
    )


def run(
    instance: dg.DagsterInstance,
    asked: dg.RunRequest | str,
    defs: dg.Definitions | None = None,
) -> dg.ExecuteInProcessResult:
    """The run that the tick asked for."""
    assert isinstance(asked, dg.RunRequest), asked
    job = (defs or definitions()).resolve_job_def(f"{asked.tags['callhouse/vendor']}_poll")
    return job.execute_in_process(instance=instance, tags=dict(asked.tags))


def query(warehouse: Warehouse, text: str) -> list[Any]:
    with warehouse.transaction() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]


MIDNIGHTS = [
    # Warsaw: winter, the last moment of a day and the first of the next.
    ("Europe/Warsaw", "2026-03-28T22:59:59Z", "2026-03-28"),
    ("Europe/Warsaw", "2026-03-28T23:00:00Z", "2026-03-29"),
    # The day of 23 hours ends an hour of UTC earlier than it would have.
    ("Europe/Warsaw", "2026-03-29T21:59:59Z", "2026-03-29"),
    ("Europe/Warsaw", "2026-03-29T22:00:00Z", "2026-03-30"),
    # The day of 25 hours in autumn.
    ("Europe/Warsaw", "2026-10-25T22:59:59Z", "2026-10-25"),
    ("Europe/Warsaw", "2026-10-25T23:00:00Z", "2026-10-26"),
    # Chile turns its clocks at midnight itself: 23:00 to 24:00 comes twice…
    ("America/Santiago", "2026-04-05T02:59:59Z", "2026-04-04"),
    ("America/Santiago", "2026-04-05T03:59:59Z", "2026-04-04"),
    ("America/Santiago", "2026-04-05T04:00:00Z", "2026-04-05"),
    # … and in September a day begins at one o'clock.
    ("America/Santiago", "2026-09-06T03:59:59Z", "2026-09-05"),
    ("America/Santiago", "2026-09-06T04:00:00Z", "2026-09-06"),
    # As far from UTC as it gets.
    ("Pacific/Kiritimati", "2026-03-10T10:00:00Z", "2026-03-11"),
    ("Pacific/Pago_Pago", "2026-03-10T10:59:59Z", "2026-03-09"),
]


@pytest.mark.parametrize(("zone", "at", "today"), MIDNIGHTS)
def test_a_tick_asks_for_the_accounts_own_today_and_yesterday(
    zone: str,
    at: str,
    today: str,
    instance: dg.DagsterInstance,
    warehouse: Warehouse,
    accounts: Accounts,
) -> None:
    accounts(one={"vendor": "conpeek", "timezone": zone})
    moment = datetime.fromisoformat(at)
    first, last = days_of(tick(instance, moment))
    assert last == today
    assert date.fromisoformat(first) == date.fromisoformat(today) - timedelta(days=1)
    known = business_days(read_accounts_of_environment()).get_partition_keys(moment)
    assert {first, last} <= set(known)


def read_accounts_of_environment() -> Any:
    return CallhouseResource().all_accounts().values()


def test_accounts_of_several_zones_share_a_run_over_all_their_days(
    instance: dg.DagsterInstance, warehouse: Warehouse, accounts: Accounts
) -> None:
    accounts(
        early={"vendor": "conpeek", "timezone": "Pacific/Auckland"},
        late={"vendor": "conpeek", "timezone": "America/Bogota"},
    )
    asked = tick(instance, datetime(2026, 3, 10, 3, tzinfo=UTC))
    assert days_of(asked) == ("2026-03-08", "2026-03-10")


def test_a_tick_waits_for_the_poll_before_it(
    instance: dg.DagsterInstance, warehouse: Warehouse, accounts: Accounts
) -> None:
    accounts(one={"vendor": "conpeek"})
    asked = tick(instance, NOON)
    assert isinstance(asked, dg.RunRequest)
    started = dg.DagsterRunStatus.STARTED
    run = dg.DagsterRun("conpeek_poll", make_new_run_id(), status=started, tags=dict(asked.tags))
    instance.add_run(run)
    assert tick(instance, NOON + timedelta(minutes=1)) == "the last poll is still at work"
    instance.report_run_failed(run)
    assert isinstance(tick(instance, NOON + timedelta(minutes=2)), dg.RunRequest)


def test_a_poll_that_hangs_on_one_account_holds_up_no_other(
    instance: dg.DagsterInstance, warehouse: Warehouse, accounts: Accounts
) -> None:
    accounts(one={"vendor": "conpeek"}, two={"vendor": "conpeek"}, three={"vendor": "conpeek"})
    begun = begin(instance, "conpeek_poll")
    at = datetime.now(UTC)
    assert tick(instance, at + timedelta(seconds=20)) == "the last poll is still at work"
    reading = (
        "INSERT INTO ops.reads (account, stream, days, live, holder, began_at, expires_at) VALUES "
        "('two', 'dialogs', '{}', true, 'h', now(), now() + interval '1 hour') RETURNING 1"
    )
    query(warehouse, reading)
    later = at + timedelta(seconds=60)
    asked = tick(instance, later)
    assert isinstance(asked, dg.RunRequest)
    assert asked.tags[ACCOUNTS_TAG] == "one,three"
    query(warehouse, reading.replace("two", "one"))
    query(warehouse, reading.replace("two", "three"))
    assert tick(instance, later) == "the last poll is still at work on one, three, two"
    query(warehouse, "DELETE FROM ops.reads RETURNING 1")
    more = [begin(instance, "conpeek_poll") for _ in range(MOST_POLLS - 1)]
    assert tick(instance, later) == "the last poll is still at work", "there is an end to it"
    for run in (begun, *more):
        instance.report_run_failed(run)
    assert isinstance(tick(instance, later), dg.RunRequest)


def begin(instance: dg.DagsterInstance, job: str) -> dg.DagsterRun:
    """A poll that has begun, and doesn't end."""
    run = instance.add_run(dg.DagsterRun(job, make_new_run_id(), tags={KIND_TAG: POLL}))
    event = dg.DagsterEvent(dg.DagsterEventType.PIPELINE_START.value, job)
    instance.report_dagster_event(event, run.run_id)
    return run


def test_another_vendors_poll_and_a_backfill_hold_up_nobody(
    instance: dg.DagsterInstance, warehouse: Warehouse, accounts: Accounts
) -> None:
    accounts(one={"vendor": "conpeek"})
    for job, tags in (("evolux_poll", {KIND_TAG: POLL}), ("__ASSET_JOB", {})):
        status = dg.DagsterRunStatus.STARTED
        instance.add_run(dg.DagsterRun(job, make_new_run_id(), status=status, tags=tags))
    assert isinstance(tick(instance, NOON), dg.RunRequest)


def test_a_tick_says_why_it_asks_for_nothing(
    instance: dg.DagsterInstance, warehouse: Warehouse, accounts: Accounts
) -> None:
    accounts(one={"vendor": "conpeek"})
    with warehouse.transaction() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO ops.streams (account, stream, vendor, last_polled_at, next_due_at)"
                "VALUES ('one', 'dialogs', 'conpeek', :at, :due)"
            ),
            {"at": NOON, "due": NOON + timedelta(minutes=5)},
        )
    reason = tick(instance, NOON + timedelta(minutes=1))
    assert reason == "nothing is due; the next poll is in 210 s"
    assert isinstance(tick(instance, NOON + timedelta(minutes=5)), dg.RunRequest)
    assert tick(instance, NOON, "evolux") == "no account of Evolux Studio in accounts.toml"


def test_only_the_accounts_that_are_due_are_asked_for(
    instance: dg.DagsterInstance, warehouse: Warehouse, accounts: Accounts
) -> None:
    accounts(often={"vendor": "conpeek"}, seldom={"vendor": "conpeek", "poll_every_s": 3600})
    with warehouse.transaction() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO ops.streams (account, stream, vendor, last_polled_at)"
                "SELECT name, 'dialogs', 'conpeek', :at FROM unnest(ARRAY['often', 'seldom']) name"
            ),
            {"at": NOON - timedelta(minutes=10)},
        )
    asked = tick(instance, NOON)
    assert isinstance(asked, dg.RunRequest)
    assert asked.tags[ACCOUNTS_TAG] == "often"
    assert int(asked.tags["dagster/priority"]) > 0


def test_a_refused_token_stops_its_account_until_there_is_another(
    instance: dg.DagsterInstance, warehouse: Warehouse, standin: StandIn, accounts: Accounts
) -> None:
    tenant = generated(standin, "one")
    entry = entry_of(standin, tenant)
    accounts(one=entry | {"token": "out of date"})
    now = datetime.now(UTC)
    assert run(instance, tick(instance, now)).success
    assert query(warehouse, "SELECT stopped_at IS NOT NULL FROM ops.streams") == [(True,)]
    asked_before = len(standin.requests)
    for minutes in (1, 30, 58):
        reason = tick(instance, now + timedelta(minutes=minutes))
        assert isinstance(reason, str)
        assert reason.startswith("every account has stopped")
        assert "the next probe is in" in reason
    assert isinstance(tick(instance, now + timedelta(minutes=62)), dg.RunRequest)
    assert len(standin.requests) == asked_before

    accounts(one=entry)
    assert run(instance, tick(instance, now + timedelta(minutes=2))).success
    assert query(warehouse, "SELECT stopped_at, last_error FROM ops.streams") == [(None, None)]
    ((calls,),) = query(warehouse, "SELECT count(*) FROM facts.calls")
    assert calls > 0


def test_a_failing_account_fails_alone(
    instance: dg.DagsterInstance, warehouse: Warehouse, standin: StandIn, accounts: Accounts
) -> None:
    broken, healthy = generated(standin, "broken"), generated(standin, "healthy")
    broken.arm(Fault.html(), times=100)
    accounts(broken=entry_of(standin, broken), healthy=entry_of(standin, healthy))
    now = datetime.now(UTC)
    result = run(instance, tick(instance, now))
    assert result.success, "a poll in which an account failed is no failed run"
    assert query(warehouse, "SELECT DISTINCT account FROM facts.calls") == [("healthy",)]
    shown = {event.partition for event in result.get_asset_materialization_events()}
    today = now.astimezone(ZoneInfo("Europe/Warsaw")).date()
    assert today.isoformat() in shown, "what the healthy account loaded is shown"
    failures = "SELECT account, failures, stopped_at FROM ops.streams ORDER BY account"
    assert query(warehouse, failures) == [("broken", 1, None), ("healthy", 0, None)]

    # It backs off, and is healed by the vendor alone.
    asked = tick(instance, datetime.now(UTC) + timedelta(hours=2))
    broken.disarm()
    assert run(instance, asked).success
    assert query(warehouse, failures)[0] == ("broken", 0, None)


@pytest.mark.parametrize(
    "zones",
    [
        ["Pacific/Kiritimati", "Pacific/Pago_Pago"],
        pytest.param(["Pacific/Kiritimati"], marks=pytest.mark.long),
        pytest.param(["Pacific/Pago_Pago"], marks=pytest.mark.long),
    ],
)
def test_on_the_first_day_of_all_accounts_the_schedule_works(
    zones: list[str],
    instance: dg.DagsterInstance,
    warehouse: Warehouse,
    standin: StandIn,
    accounts: Accounts,
) -> None:
    """Each begins with its own today; there is no yesterday that a poll could be about."""
    now = datetime.now(UTC)
    todays, entries = {}, {}
    for number, zone in enumerate(zones):
        tenant = generated(standin, f"new-{number}", zone)
        todays[tenant.name] = now.astimezone(ZoneInfo(zone)).date()
        entries[tenant.name] = entry_of(standin, tenant) | {
            "timezone": zone,
            "start_date": todays[tenant.name].isoformat(),
        }
    accounts(**entries)
    defs = build_defs(CallhouseResource().all_accounts())
    asked = tick(instance, now, defs=defs)
    first, last = days_of(asked)
    assert (first, last) == (min(todays.values()).isoformat(), max(todays.values()).isoformat())
    result = run(instance, asked, defs)
    assert result.success
    shown = {event.partition for event in result.get_asset_materialization_events()}
    assert shown == {day.isoformat() for day in todays.values()}
    read = query(warehouse, "SELECT account, call_date FROM ops.days ORDER BY account")
    assert read == sorted(todays.items())


def test_a_wrong_account_stops_no_other(
    instance: dg.DagsterInstance, warehouse: Warehouse, accounts: Accounts
) -> None:
    """Neither of its vendor nor of others; itself it goes on as it was, or isn't there yet."""
    good = {"one": {"vendor": "conpeek"}, "other": {"vendor": "evolux"}}
    accounts(**good)
    assert isinstance(tick(instance, NOON), dg.RunRequest)
    accounts(**good, new={"vendor": "conpeek", "currency": "pesos"})
    for vendor in ("conpeek", "evolux"):
        assert isinstance(tick(instance, NOON, vendor), dg.RunRequest)
    accounts(one={"vendor": "conpeek", "currency": "pesos"}, other={"vendor": "evolux"})
    assert isinstance(tick(instance, NOON), dg.RunRequest)


def test_an_account_that_begins_tomorrow_waits_for_it(
    instance: dg.DagsterInstance, warehouse: Warehouse, accounts: Accounts
) -> None:
    accounts(one={"vendor": "conpeek", "start_date": "2026-03-11"})
    reason = tick(instance, NOON)
    assert reason == "nothing is due; the next poll is in 39600 s", "until midnight in Warsaw"
    midnight = datetime(2026, 3, 10, 23, tzinfo=UTC)
    assert days_of(tick(instance, midnight))[1] == "2026-03-11"


def test_a_missed_weekend_is_caught_up_by_the_next_poll(
    instance: dg.DagsterInstance, warehouse: Warehouse, standin: StandIn, accounts: Accounts
) -> None:
    tenant = generated(standin, "one")
    now = datetime.now(UTC)
    start = now.date() - timedelta(days=4)
    accounts(one=entry_of(standin, tenant) | {"start_date": start.isoformat()})
    with warehouse.transaction() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO ops.streams (account, stream, vendor, watermark, last_polled_at,"
                " last_success_at) VALUES ('one', 'dialogs', 'conpeek', :at, :at, :at)"
            ),
            {"at": now - timedelta(days=3)},
        )
    assert run(instance, tick(instance, now)).success
    states = query(warehouse, "SELECT call_date, state FROM ops.days ORDER BY call_date")
    missed = {start + timedelta(days=n) for n in range(4)}
    assert missed <= {day for day, _ in states}
    assert "failed" not in {state for _, state in states}


def generated(standin: StandIn, name: str, zone: str | None = None) -> Tenant:
    """A customer of Conpeek's whose data grow with the clock."""
    zone = zone or discover()["conpeek"].timezone
    return standin.tenant("conpeek", name, timezone=zone, generated=True)


def entry_of(standin: StandIn, tenant: Tenant) -> dict[str, Any]:
    """The accounts file's entry for it, from yesterday on."""
    return {
        "vendor": tenant.vendor,
        "base_url": standin.url(tenant),
        "token": tenant.token,
        "start_date": (datetime.now(UTC).date() - timedelta(days=1)).isoformat(),
    }
