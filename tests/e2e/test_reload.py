"""Dagster's graph and `ops/accounts` while somebody edits `accounts.toml`: what shows at once, what
after *Reload definitions*, and what is said of a wrong file.
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from assets.accounts_file import KEY
from assets.resource import CallhouseResource
from pipelines.cli import app
from tests.in_process_dagster import InProcessDagster, open_dagster

TODAY = datetime.now(UTC).date()
Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the accounts file: by name the vendor, the first day, and what else there is."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    os.environ |= {"CALLHOUSE_ACCOUNTS": str(tmp_path / "accounts.toml"), "A_TOKEN": "t"}

    def write(**entries: tuple[str, date, str]) -> None:
        lines = []
        for name, (vendor, start, more) in entries.items():
            keys = ("token", "key") if vendor == "vono" else ("token",)
            lines += [
                f"[accounts.{name}]", f'vendor = "{vendor}"', 'timezone = "UTC"',
                'base_url = "https://vendor.example"', f"start_date = {start}", more,
                *(f'credentials.{key}.env = "A_TOKEN"' for key in keys),
            ]  # fmt: skip
        (tmp_path / "accounts.toml").write_text("\n".join(lines), encoding="utf-8")

    write(one=("conpeek", TODAY, ""))
    return write


@pytest.fixture
def dagster(
    write: Write, database_url_with_dagster: str, tmp_path: Path
) -> Iterator[InProcessDagster]:
    with open_dagster(tmp_path / "home", database_url_with_dagster) as dagster:
        yield dagster


def look(dagster: InProcessDagster) -> str:
    """The sensor's tick; what it says."""
    sensor = dagster.definitions.get_repository_def().get_sensor_def("accounts")
    cursor = dagster.cursors.get("accounts")
    with dg.build_sensor_context(
        dagster.instance, cursor=cursor, resources={"callhouse": CallhouseResource()}
    ) as context:
        told = sensor.evaluate_tick(context)
    dagster.cursors["accounts"] = told.cursor or ""
    for event in told.asset_events:
        dagster.instance.report_runless_asset_event(event)
    return told.skip_message or ""


def shown(dagster: InProcessDagster) -> dict[str, str]:
    return {
        name: status for (key, name), status in dagster.checks().items() if key == "ops/accounts"
    }


def names(dagster: InProcessDagster, kind: str) -> set[str]:
    """The schedules or sensors that Dagster has."""
    query = (
        '{ repositoryOrError(repositorySelector: {repositoryName: "__repository__",'
        ' repositoryLocationName: "callhouse"}) { ... on Repository { '
        f"{kind} {{ name }} }} }} }}"
    )
    return {found["name"] for found in dagster.ask(query)["repositoryOrError"][kind]}


def test_what_is_new_in_the_file_shows_after_a_reload(
    dagster: InProcessDagster, write: Write
) -> None:
    assert dagster.assets("vono") == {}
    assert dagster.assets("conpeek")["conpeek/dialogs"] == [f"{TODAY}"]
    look(dagster)
    assert shown(dagster) == {"valid": "SUCCEEDED", "shown": "SUCCEEDED"}

    earlier = TODAY - timedelta(days=2)
    write(one=("conpeek", earlier, ""), other=("vono", TODAY, ""))
    look(dagster)
    assert shown(dagster) == {"valid": "SUCCEEDED", "shown": "FAILED"}
    dagster.reload()
    assert set(dagster.assets("vono")) == {"vono/recordings_raw", "vono/recordings"}
    assert "vono_poll" in names(dagster, "schedules")
    assert dagster.assets("conpeek")["conpeek/dialogs"][0] == f"{earlier}"
    look(dagster)
    assert shown(dagster) == {"valid": "SUCCEEDED", "shown": "SUCCEEDED"}

    audio = 'streams = ["recordings", "recording_audio"]'
    write(one=("conpeek", earlier, ""), other=("vono", TODAY, audio))
    look(dagster)
    assert shown(dagster)["shown"] == "FAILED"
    dagster.reload()
    assert "vono/recording_audio" in dagster.assets("vono")


def test_a_wrong_file_is_told_and_the_graph_stays(
    dagster: InProcessDagster, write: Write, tmp_path: Path
) -> None:
    look(dagster)
    write(one=("conpeek", TODAY, ""), new=("conpeek", TODAY, 'currency = "pesos"'))
    said = look(dagster)
    assert said.startswith("accounts.new.currency")
    assert shown(dagster) == {"valid": "FAILED", "shown": "SUCCEEDED"}
    dagster.reload()
    assert set(dagster.assets("conpeek")) == {"conpeek/dialogs_raw", "conpeek/dialogs"}

    (tmp_path / "accounts.toml").write_text("[accounts.one", encoding="utf-8")
    assert "not valid TOML" in look(dagster)
    dagster.reload()
    assert set(dagster.assets("conpeek")) == {"conpeek/dialogs_raw", "conpeek/dialogs"}
    assert shown(dagster)["valid"] == "FAILED"
    write(one=("conpeek", TODAY, ""))
    assert look(dagster) == "nothing is wrong with accounts.toml"
    assert shown(dagster) == {"valid": "SUCCEEDED", "shown": "SUCCEEDED"}


def test_an_idle_look_tells_nothing(dagster: InProcessDagster) -> None:
    for _ in range(3):
        look(dagster)
    assert len(dagster.instance.fetch_materializations(KEY, limit=100).records) == 1


def test_status_shows_the_others_and_says_what_is_wrong(
    dagster: InProcessDagster, write: Write
) -> None:
    look(dagster)
    write(one=("conpeek", TODAY, 'currency = "pesos"'), two=("conpeek", TODAY, ""))
    result = CliRunner().invoke(app, ["status"])
    assert result.exit_code == 0, result.output
    assert "two" in result.output
    assert "accounts.one.currency" in result.output
    assert "with their last good settings go on: one" in result.output
