"""A vendor more is one module and its recorded answers: no other file is touched."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.definitions import build_defs
from resources.configuration.accounts import read_accounts
from resources.postgres.warehouse import Warehouse
from resources.vendors import discover
from tests.contract.checks import CHECKS, Check, declaration_is_complete
from tests.contract.harness import Harness, Subject
from tests.contract.landing import everything_lands
from tests.practice import FIXTURES, NAMES, practised

ACCOUNT = """
[accounts.{name}-one]
vendor = "{name}"
base_url = "https://{name}.example"
start_date = 2026-01-01
credentials = {{ {credentials} }}
"""
with practised():
    STREAMS = [(name, stream.name) for name in NAMES for stream in discover()[name].streams]


@pytest.fixture(autouse=True)
def _practised() -> Iterator[None]:
    with practised():
        yield


@pytest.fixture(params=STREAMS, ids=".".join)
def subject(request: pytest.FixtureRequest) -> Subject:
    vendor, stream = request.param
    found = discover()[vendor]
    return Subject(found, found.stream(stream), FIXTURES / vendor)


def test_it_is_found_beside_the_others(subject: Subject) -> None:
    assert {"clickfono", "conpeek", "evolux", "vono", "wolkvox", *NAMES} <= set(discover())
    declaration_is_complete(subject)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_passes_what_every_vendor_must(subject: Subject, check: Check, harness: Harness) -> None:
    check(subject, harness)


def test_it_lands(subject: Subject, harness: Harness, warehouse: Warehouse) -> None:
    everything_lands(subject, harness, warehouse)


def test_accounts_may_name_it(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = subject.vendor
    monkeypatch.setenv("PRACTICE_SECRET", "invented")
    told = ", ".join(f'{name} = {{ env = "PRACTICE_SECRET" }}' for name in vendor.credentials)
    path = tmp_path / "accounts.toml"
    path.write_text(ACCOUNT.format(name=vendor.name, credentials=told), encoding="utf-8")
    account = read_accounts(path)[f"{vendor.name}-one"]
    assert account.timezone.key == vendor.timezone
    assert account.streams == (subject.stream.name,)


def test_dagster_has_its_assets_and_its_schedule() -> None:
    definitions = build_defs({})
    keys = definitions.resolve_all_asset_keys()
    for vendor, stream in STREAMS:
        assert dg.AssetKey([vendor, f"{stream}_raw"]) in keys
        assert definitions.resolve_schedule_def(f"{vendor}_poll").name == f"{vendor}_poll"
