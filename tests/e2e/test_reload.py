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
from tests.site import Site, open_site

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
def site(write: Write, database_url_with_dagster: str, tmp_path: Path) -> Iterator[Site]:
    with open_site(tmp_path / "home", database_url_with_dagster) as site:
        yield site


def look(site: Site) -> str:
    """The sensor's tick; what it says."""
    sensor = site.definitions.get_repository_def().get_sensor_def("accounts")
    cursor = site.cursors.get("accounts")
    with dg.build_sensor_context(
        site.instance, cursor=cursor, resources={"callhouse": CallhouseResource()}
    ) as context:
        told = sensor.evaluate_tick(context)
    site.cursors["accounts"] = told.cursor or ""
    for event in told.asset_events:
        site.instance.report_runless_asset_event(event)
    return told.skip_message or ""


def shown(site: Site) -> dict[str, str]:
    return {name: status for (key, name), status in site.checks().items() if key == "ops/accounts"}


def names(site: Site, kind: str) -> set[str]:
    """The schedules or sensors that Dagster has."""
    query = (
        '{ repositoryOrError(repositorySelector: {repositoryName: "__repository__",'
        ' repositoryLocationName: "callhouse"}) { ... on Repository { '
        f"{kind} {{ name }} }} }} }}"
    )
    return {found["name"] for found in site.ask(query)["repositoryOrError"][kind]}


def test_what_is_new_in_the_file_shows_after_a_reload(site: Site, write: Write) -> None:
    assert site.assets("vono") == {}
    assert site.assets("conpeek")["conpeek/dialogs"] == [f"{TODAY}"]
    look(site)
    assert shown(site) == {"valid": "SUCCEEDED", "shown": "SUCCEEDED"}

    earlier = TODAY - timedelta(days=2)
    write(one=("conpeek", earlier, ""), other=("vono", TODAY, ""))
    look(site)
    assert shown(site) == {"valid": "SUCCEEDED", "shown": "FAILED"}
    site.reload()
    assert set(site.assets("vono")) == {"vono/recordings_raw", "vono/recordings"}
    assert "vono_poll" in names(site, "schedules")
    assert site.assets("conpeek")["conpeek/dialogs"][0] == f"{earlier}"
    look(site)
    assert shown(site) == {"valid": "SUCCEEDED", "shown": "SUCCEEDED"}

    audio = 'streams = ["recordings", "recording_audio"]'
    write(one=("conpeek", earlier, ""), other=("vono", TODAY, audio))
    look(site)
    assert shown(site)["shown"] == "FAILED"
    site.reload()
    assert "vono/recording_audio" in site.assets("vono")


def test_a_wrong_file_is_told_and_the_graph_stays(site: Site, write: Write, tmp_path: Path) -> None:
    look(site)
    write(one=("conpeek", TODAY, ""), new=("conpeek", TODAY, 'currency = "pesos"'))
    said = look(site)
    assert said.startswith("accounts.new.currency")
    assert shown(site) == {"valid": "FAILED", "shown": "SUCCEEDED"}
    site.reload()
    assert set(site.assets("conpeek")) == {"conpeek/dialogs_raw", "conpeek/dialogs"}

    (tmp_path / "accounts.toml").write_text("[accounts.one", encoding="utf-8")
    assert "not valid TOML" in look(site)
    site.reload()
    assert set(site.assets("conpeek")) == {"conpeek/dialogs_raw", "conpeek/dialogs"}
    assert shown(site)["valid"] == "FAILED"
    write(one=("conpeek", TODAY, ""))
    assert look(site) == "nothing is wrong with accounts.toml"
    assert shown(site) == {"valid": "SUCCEEDED", "shown": "SUCCEEDED"}


def test_an_idle_look_tells_nothing(site: Site) -> None:
    for _ in range(3):
        look(site)
    assert len(site.instance.fetch_materializations(KEY, limit=100).records) == 1


def test_status_shows_the_others_and_says_what_is_wrong(site: Site, write: Write) -> None:
    look(site)
    write(one=("conpeek", TODAY, 'currency = "pesos"'), two=("conpeek", TODAY, ""))
    result = CliRunner().invoke(app, ["status"])
    assert result.exit_code == 0, result.output
    assert "two" in result.output
    assert "accounts.one.currency" in result.output
    assert "with their last good settings go on: one" in result.output
