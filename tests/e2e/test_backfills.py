"""*Materialize all*, as the UI asks for it: it ends as it went. Real HTTP, a real Postgres, and
Dagster's own GraphQL and daemon.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from logging import WARNING
from pathlib import Path
from typing import Any

import pytest

from resources.standin import Fault, StandIn, Tenant
from tests.in_process_dagster import InProcessDagster, open_dagster

TODAY = datetime.now(UTC).date()
DAYS = [f"{TODAY - timedelta(days=ago)}" for ago in (3, 2, 1, 0)]
STARTS = {
    "early": DAYS[0], "late": DAYS[2], "recorder": DAYS[1], "with-audio": DAYS[1], "poor": DAYS[0],
}  # fmt: skip
SETTINGS = {
    "with-audio": ['streams = ["recordings", "recording_audio"]'],
    "poor": [
        'streams = ["agent_usage"]',
        "limits = { daily_requests = 2, reserve = 0, min_interval_s = 0 }",
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def tenants(standin: StandIn) -> Mapping[str, Tenant]:
    """Two customers of Conpeek's, two of Vono's, and one of Wolkvox' with next to no quota."""
    standin.reset()
    vendors = {
        "early": "conpeek", "late": "conpeek", "recorder": "vono", "with-audio": "vono",
        "poor": "wolkvox",
    }  # fmt: skip
    return {name: standin.tenant(vendor, name, timezone="UTC") for name, vendor in vendors.items()}


@pytest.fixture
def dagster(
    standin: StandIn,
    tenants: Mapping[str, Tenant],
    database_url_with_dagster: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[InProcessDagster]:
    """Accounts that begin on different days, one of which loads a stream that others don't."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    os.environ["CALLHOUSE_ACCOUNTS"] = str(tmp_path / "accounts.toml")
    entries = [entry(standin, tmp_path, tenant) for tenant in tenants.values()]
    (tmp_path / "accounts.toml").write_text("\n".join(entries), encoding="utf-8")
    with open_dagster(tmp_path / "home", database_url_with_dagster) as dagster:
        yield dagster


def entry(standin: StandIn, folder: Path, tenant: Tenant) -> str:
    lines = [
        f"[accounts.{tenant.name}]", f'vendor = "{tenant.vendor}"', 'timezone = "UTC"',
        f'base_url = "{standin.url(tenant)}"', f"start_date = {STARTS[tenant.name]}",
    ]  # fmt: skip
    if tenant.name in SETTINGS:
        lines += SETTINGS[tenant.name]
    for name in ("token", "key") if tenant.vendor == "vono" else ("token",):
        file = folder / f"{tenant.name}.{name}"
        file.write_text(getattr(tenant, name), encoding="utf-8")
        lines.append(f'credentials.{name} = {{ file = "{file}" }}')
    return "\n".join(lines)


Backfill = Callable[..., dict[str, Any]]


@pytest.fixture
def backfill(dagster: InProcessDagster) -> Backfill:
    """*Materialize all* of a group (or of all), for some accounts; waits for the end."""

    def run(group: str | None = None, accounts: str | None = None) -> dict[str, Any]:
        assets = dagster.assets(group)
        assert set(map(tuple, assets.values())) == {tuple(DAYS)}, "one set of days for all"
        tags = {"callhouse/accounts": accounts} if accounts else {}
        return dagster.ended(dagster.backfill(assets, DAYS, tags))

    return run


def test_a_group_whose_accounts_began_on_different_days(
    dagster: InProcessDagster, backfill: Backfill
) -> None:
    assert backfill("conpeek")["status"] == "COMPLETED_SUCCESS"
    assert dagster.days_of("conpeek/dialogs") == set(DAYS)


def test_days_before_every_account_and_a_stream_that_one_account_loads(
    dagster: InProcessDagster, backfill: Backfill
) -> None:
    """What nobody had to read isn't green, and isn't failed either."""
    told = backfill("vono")
    assert told["status"] == "COMPLETED_SUCCESS"
    for stream in ("recordings_raw", "recordings", "recording_audio_raw", "recording_audio"):
        assert dagster.days_of(f"vono/{stream}") == set(DAYS[1:]), stream
        assert dagster.days_of(f"vono/{stream}", "FAILED") == set()
    for counts in told["assetBackfillData"]["assetBackfillStatuses"]:
        assert counts["numPartitionsTargeted"] == counts["numPartitionsMaterialized"] == 3
        assert counts["numPartitionsInProgress"] == counts["numPartitionsFailed"] == 0


def test_accounts_by_tag(dagster: InProcessDagster, backfill: Backfill) -> None:
    """None of them loads the audio; one began later than the vendor's first."""
    told = backfill("vono", accounts="recorder")
    assert told["status"] == "COMPLETED_SUCCESS"
    assert dagster.days_of("vono/recordings") == set(DAYS[1:])
    assert dagster.days_of("vono/recording_audio") == set()
    assert backfill("conpeek", accounts="late")["status"] == "COMPLETED_SUCCESS"
    assert dagster.days_of("conpeek/dialogs") == set(DAYS[2:])


def test_the_whole_graph(dagster: InProcessDagster, backfill: Backfill) -> None:
    assert backfill()["status"] == "COMPLETED_SUCCESS"
    assert dagster.days_of("conpeek/dialogs") == set(DAYS)
    assert dagster.days_of("vono/recordings") == set(DAYS[1:])
    assert dagster.days_of("marts/calls_by_day") >= set(DAYS[1:])


def test_the_marts(dagster: InProcessDagster, backfill: Backfill) -> None:
    """Of days that nobody has read they tell nothing."""
    assert backfill("marts")["status"] == "COMPLETED_SUCCESS"
    assert dagster.days_of("marts/calls_by_day") == set()
    backfill("vono", accounts="recorder")
    assert backfill("marts")["status"] == "COMPLETED_SUCCESS"
    assert dagster.days_of("marts/calls_by_day") == set(DAYS[1:])


def test_days_that_a_limit_put_off_are_named_and_nothing_failed(
    dagster: InProcessDagster, backfill: Backfill
) -> None:
    """Two requests a day: the two newest days are read, as the polls will read the others."""
    assert backfill("wolkvox")["status"] == "COMPLETED_SUCCESS"
    assert dagster.days_of("wolkvox/agent_usage") == set(DAYS[2:])
    (run,) = dagster.instance.get_runs()
    said = [
        entry.user_message
        for entry in dagster.instance.all_logs(run.run_id)
        if entry.level == WARNING
    ]
    assert len(said) == 1
    assert said[0].startswith(
        f"poor agent_usage: not read, and left to the polls: {DAYS[0]}, {DAYS[1]}: "
    )
    assert "quota" in said[0]


def test_facts_of_days_that_were_never_read_are_not_green_for_being_rebuilt(
    dagster: InProcessDagster,
) -> None:
    told = dagster.ended(dagster.backfill(["conpeek/dialogs"], DAYS))
    assert told["status"] == "COMPLETED_SUCCESS"
    assert dagster.days_of("conpeek/dialogs") == set()


def test_what_failed_is_called_failed(
    dagster: InProcessDagster, backfill: Backfill, tenants: Mapping[str, Tenant]
) -> None:
    """Of one account, on the days that it has: the days before it are good."""
    tenants["late"].arm(Fault.status(418), times=1000)
    assert backfill("conpeek")["status"] == "COMPLETED_FAILED"
    assert dagster.days_of("conpeek/dialogs") == set(DAYS[:2])
    assert dagster.days_of("conpeek/dialogs", "FAILED") == set(DAYS[2:])
    tenants["late"].disarm()
    assert backfill("conpeek")["status"] == "COMPLETED_SUCCESS"
    assert dagster.days_of("conpeek/dialogs") == set(DAYS)


def test_a_vendor_that_nobody_can_ask_any_more_stops_no_other(
    dagster: InProcessDagster, backfill: Backfill, tmp_path: Path
) -> None:
    """The UI shows it as before, while its only account's token is away, and when it has left."""
    assets = [*dagster.assets("conpeek"), *dagster.assets("wolkvox")]
    (tmp_path / "poor.token").unlink()
    told = dagster.ended(dagster.backfill(assets, DAYS))
    assert told["status"] == "COMPLETED_FAILED"
    assert dagster.days_of("conpeek/dialogs") == set(DAYS)
    assert dagster.days_of("wolkvox/agent_usage", "FAILED") == set(DAYS)
    (run,) = dagster.instance.get_runs()
    (failed,) = [
        entry.dagster_event.step_failure_data.user_failure_data
        for entry in dagster.instance.all_logs(run.run_id)
        if entry.dagster_event and entry.dagster_event.is_step_failure
    ]
    assert failed
    assert str(failed.description).startswith("no account of Wolkvox: accounts.poor.credentials.")
    file = tmp_path / "accounts.toml"
    file.write_text(file.read_text(encoding="utf-8").partition("[accounts.poor]")[0])
    assert backfill("wolkvox")["status"] == "COMPLETED_SUCCESS"
    assert dagster.days_of("wolkvox/agent_usage") == set()


def test_days_since_a_later_start_are_loaded_of_those_that_are_shown(
    dagster: InProcessDagster, backfill: Backfill, tmp_path: Path
) -> None:
    file = tmp_path / "accounts.toml"
    later = file.read_text(encoding="utf-8").replace(DAYS[0], DAYS[1])
    file.write_text(later, encoding="utf-8")
    assert backfill("conpeek")["status"] == "COMPLETED_SUCCESS"
    assert dagster.days_of("conpeek/dialogs") == set(DAYS[1:])
