"""The graph follows the accounts: what nobody loads isn't there."""

from datetime import UTC, datetime

import dagster as dg
import pytest
from dagster._utils.test.definitions import scoped_reconstruction_metadata

from assets.keys import vendor_key
from pipelines.definitions import GRAPH, build_defs, defs
from pipelines.graph import Graph
from resources.vendors import discover
from tests.unit import helpers

VENDORS = discover()


def keys(defs: dg.Definitions) -> set[str]:
    return {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}


@pytest.fixture(scope="module")
def two() -> dg.Definitions:
    """Two vendors alone, of Vono without the audio."""
    return build_defs({"one": helpers.account("conpeek"), "other": helpers.account("vono")})


def test_a_vendor_without_accounts_is_not_there(two: dg.Definitions) -> None:
    found = keys(two)
    assert {key for key in found if key.partition("/")[0] in VENDORS} == {
        "conpeek/dialogs_raw", "conpeek/dialogs", "vono/recordings_raw", "vono/recordings",
    }  # fmt: skip
    assert {key for key in found if key.startswith("vendors/")} == {
        "vendors/conpeek",
        "vendors/vono",
    }
    names = {job.name for job in two.get_repository_def().get_all_jobs()}
    assert names == {
        "conpeek_poll", "vono_poll", "marts_refresh", "report", "maintenance", "__ASSET_JOB",
    }  # fmt: skip
    schedules = {schedule.name for schedule in two.get_repository_def().schedule_defs}
    assert schedules == names - {"__ASSET_JOB"}


def test_marts_come_from_what_is_there(two: dg.Definitions) -> None:
    graph = two.resolve_asset_graph()
    sources = {
        parent.to_user_string()
        for key in graph.get_all_asset_keys()
        if key.path[0] == "marts"
        for parent in graph.get(key).parent_keys
        if parent.path[0] != "marts"
    }
    assert sources == {"conpeek/dialogs", "vono/recordings"}


def test_an_opt_in_stream_is_there_once_an_account_loads_it() -> None:
    plain = helpers.account("vono")
    with_audio = helpers.account("vono", streams=("recordings", "recording_audio"))
    assert "vono/recording_audio" not in keys(build_defs({"a": plain}))
    assert "vono/recording_audio" in keys(build_defs({"a": plain, "b": with_audio}))


def test_without_any_account_everything_is_there() -> None:
    found = keys(build_defs({}))
    assert {
        f"{vendor.name}/{stream.name}" for vendor in VENDORS.values() for stream in vendor.streams
    } <= found


def test_a_vendor_is_what_its_raw_assets_come_from_and_nobody_runs_it(two: dg.Definitions) -> None:
    graph = two.resolve_asset_graph()
    for name, raw in (("conpeek", "dialogs_raw"), ("vono", "recordings_raw")):
        vendor = graph.get(vendor_key(VENDORS[name]))
        assert not vendor.is_executable
        assert vendor.group_name == name
        assert vendor.key in graph.get(dg.AssetKey([name, raw])).parent_keys


def test_an_earlier_start_date_brings_its_days() -> None:
    today = datetime.now(UTC).date()
    late = helpers.account("conpeek", start_date=today)
    for account in (late, helpers.account("conpeek")):
        defs = build_defs({"one": late, "other": account})
        days = defs.resolve_job_def("conpeek_poll").partitions_def
        assert days
        assert days.get_partition_keys()[0] == f"{account.start_date}"


def test_a_run_has_the_definitions_that_were_shown() -> None:
    shown = Graph.of({"one": helpers.account("conpeek"), "other": helpers.account("vono")})
    assert Graph.read(shown.text) == shown
    with scoped_reconstruction_metadata({GRAPH: shown.text}):
        of_run = defs()
    assert keys(of_run) == keys(
        build_defs({"a": helpers.account("conpeek"), "b": helpers.account("vono")})
    )
    assert of_run.resolve_job_def("vono_poll").partitions_def == shown.days
