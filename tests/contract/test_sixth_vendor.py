"""A sixth vendor is one module and its recorded answers: no other file is touched."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import resources.vendors
from resources.configuration.accounts import read_accounts
from resources.postgres.warehouse import Warehouse
from resources.vendors import discover
from tests.contract.bench import Bench, Subject
from tests.contract.checks import CHECKS, Check, declaration_is_complete
from tests.contract.landing import everything_lands

MODULE = '''
"""Sextant, which nobody ever heard of."""

from collections.abc import Iterator, Sequence

import pandas as pd

from resources.account import Account, Limits
from resources.client import Client
from resources.http import Answer, refuse, unlike
from resources.normalise import Columns
from resources.record_keys import key_of
from resources.vendor import Facts, Page, Record, Stream, Vendor
from resources.windows import Window

DIRECTIONS = {"in": "inbound", "out": "outbound"}
OUTCOMES = {"talked": "answered", "missed": "no_answer"}


class Sextant(Client):
    """`GET v1/calls?from=…&to=…`."""

    def calls(self, window: Window) -> Iterator[Page]:
        """All calls of the window."""
        (calls, count), permit = self.http.get(
            "calls",
            "v1/calls",
            self._parse,
            params={"from": window.start.isoformat(), "to": window.end.isoformat()},
            headers={"x-token": self.account.secret("token")},
        )
        yield Page(calls, permit.id, permit.granted_at, count)

    def _parse(self, answer: Answer) -> tuple[tuple[list[object], int], int]:
        if answer.status != 200:
            raise refuse(answer, "calls")
        body = answer.json()
        match body:
            case {"calls": list(calls), "count": int(count)}:
                return (calls, count), len(calls)
        raise unlike(answer, "calls", body, "has no `calls` and `count`")


def calls_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """Grain `call`."""
    columns = Columns(records, account)
    columns.text("id", required=True)
    started_at = columns.instant("began", required=True)
    calls = pd.DataFrame(
        {
            "grain": "call",
            "direction": columns.mapped("way", DIRECTIONS, "unknown"),
            "started_at": started_at,
            "talk_s": columns.seconds("talk_ms", 1000),
            "disposition": columns.mapped("outcome", OUTCOMES, "unknown"),
            "disposition_raw": columns.text("outcome"),
            "is_final": True,
            "attributes": columns.rest(),
        }
    )
    return columns.facts(started_at, {"calls": calls})


VENDOR = Vendor(
    name="sextant",
    title="Sextant",
    timezone="Europe/Lisbon",
    country="PT",
    client=Sextant,
    streams=(
        Stream(
            name="calls",
            title="Calls",
            document="Sextant by the stars",
            table="calls",
            read=Sextant.calls,
            key=key_of("id"),
            normalise=calls_to_facts,
        ),
    ),
    limits=Limits(concurrency=1, sources={"concurrency": "Sextant by the stars, page 1"}),
)
'''
SAMPLE = {
    "count": 2,
    "calls": [
        {
            "id": "a1",
            "began": "2026-03-10T09:00:00+00:00",
            "way": "in",
            "talk_ms": 61500,
            "outcome": "talked",
        },
        {
            "id": "a2",
            "began": "2026-03-10T23:59:59+00:00",
            "way": "out",
            "talk_ms": 0,
            "outcome": "missed",
        },
    ],
}
ACCOUNT = """
[accounts.sextant-lisbon]
vendor = "sextant"
base_url = "https://sextant.example"
start_date = 2026-01-01
credentials = { token = { env = "SEXTANT_TOKEN" } }
"""


@pytest.fixture
def subject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subject]:
    """The invented vendor, put where vendors are found."""
    package, fixtures = tmp_path / "vendors", tmp_path / "fixtures"
    package.mkdir()
    fixtures.mkdir()
    (package / "sextant.py").write_text(MODULE, encoding="utf-8")
    (fixtures / "calls.200.sample.json").write_text(json.dumps(SAMPLE), encoding="utf-8")
    (fixtures / "calls.401.token.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(resources.vendors, "__path__", [*resources.vendors.__path__, str(package)])
    discover.cache_clear()
    vendor = discover()["sextant"]
    yield Subject(vendor, vendor.stream("calls"), fixtures)
    discover.cache_clear()
    del sys.modules["resources.vendors.sextant"]


def test_it_is_found_beside_the_others(subject: Subject) -> None:
    assert set(discover()) >= {"clickfono", "conpeek", "evolux", "sextant", "vono", "wolkvox"}
    declaration_is_complete(subject)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_passes_what_every_vendor_must(subject: Subject, check: Check, bench: Bench) -> None:
    check(subject, bench)


def test_it_lands(subject: Subject, bench: Bench, warehouse: Warehouse) -> None:
    everything_lands(subject, bench, warehouse)


def test_accounts_may_name_it(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEXTANT_TOKEN", "invented")
    path = tmp_path / "accounts.toml"
    path.write_text(ACCOUNT, encoding="utf-8")
    account = read_accounts(path)["sextant-lisbon"]
    assert (account.timezone.key, account.country, account.streams) == (
        "Europe/Lisbon",
        "PT",
        ("calls",),
    )


def test_dagster_has_its_assets_and_its_schedule(subject: Subject) -> None:
    import dagster as dg

    from pipelines.definitions import build_defs

    definitions = build_defs({})
    keys = definitions.resolve_all_asset_keys()
    assert dg.AssetKey(["sextant", "calls_raw"]) in keys
    assert dg.AssetKey(["sextant", "calls"]) in keys
    assert definitions.resolve_schedule_def("sextant_poll").name == "sextant_poll"
