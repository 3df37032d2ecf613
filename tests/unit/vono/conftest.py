"""Vono, as its document describes it: an account of a stand-in, its recordings and audio."""

import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from resources.errors import (
    VendorError,
)
from resources.standin import StandIn, Tenant
from resources.text.redact import MASK
from resources.vendor_api.vendor import Facts, Page, Parent
from resources.vendors import discover
from resources.windows import Window
from tests.unit.helpers import Grants, account, account_of, client, sample

ZONE = ZoneInfo("America/Sao_Paulo")
DAY = date(2020, 3, 14)
AFTERWARDS = datetime(2020, 4, 1, tzinfo=UTC)
WINDOW = Window.of_days((DAY,), ZONE, AFTERWARDS)
RECORDS: list[dict[str, Any]] = sample("vono/recording.200.sample.json")["data"]
TOKEN, KEY = "7cb40d54 a&é", "b12c87a7-key%"
NAME = "3-1976-bbdf67d601d834b962149f6f.mp3"
AUDIO = b"ID3\x03\x00\x00\x00\x00\x00\x00" + (b"\xff\xfb\x10\xc4" + bytes(96)) * 100
STARTED_AT = datetime(2020, 3, 15, 1, 30, tzinfo=UTC)
PARENT = Parent("3/1976", STARTED_AT, {"size_bytes": len(AUDIO)})
Read = Callable[..., list[Page]]


def stream(name: str = "recordings") -> Any:
    return discover()["vono"].stream(name)


def facts(*changes: dict[str, Any]) -> Facts:
    """The sample's recording, changed in as many ways."""
    records = [RECORDS[0] | change for change in changes]
    result: Facts = stream().normalise(records, account("vono"))
    return result


def recording(number: int, wall: datetime, **changes: Any) -> dict[str, Any]:
    return RECORDS[0] | {"record_id": number, "calldate": f"{wall:%Y-%m-%d %H:%M:%S}"} | changes


@pytest.fixture
def tenant(vendors: StandIn) -> Tenant:
    """A tenant with 250 recordings on the day, from its first second to its last."""
    tenant = vendors.tenant("vono", "test-br", token=TOKEN, key=KEY)
    first = datetime.combine(DAY, time.min)
    walls = [first + timedelta(seconds=n * 86_399 // 249) for n in range(250)]
    tenant.put([recording(n, wall) for n, wall in enumerate(walls)])
    tenant.put([recording(998, first - timedelta(seconds=1))])
    tenant.put([recording(999, first + timedelta(days=1))])
    return tenant


@pytest.fixture
def grants() -> Grants:
    return Grants()


@pytest.fixture
def read(vendors: StandIn, tenant: Tenant, grants: Grants) -> Read:
    def pages(window: Window = WINDOW, **changes: Any) -> list[Page]:
        with client(account_of(vendors, tenant, **changes), grants=grants) as vono:
            return list(stream().read(vono, window))

    return pages


@pytest.fixture
def fetch(
    vendors: StandIn,
    tenant: Tenant,
    grants: Grants,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Page]:
    """Fetches a recording's audio into `tmp_path / "audio files"`."""
    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", str(tmp_path / "audio files"))
    tenant.put_audio(1976, AUDIO)

    def page(parent: Parent = PARENT) -> Page:
        with client(account_of(vendors, tenant), "recording_audio", grants) as vono:
            result: Page = stream("recording_audio").read(vono, parent)
            return result

    return page


def asked(grants: Grants) -> list[dict[str, str]]:
    queries = [parse_qs(urlsplit(outcome.url or "").query) for outcome in grants.outcomes]
    return [{name: values[0] for name, values in query.items()} for query in queries]


def assert_hidden(error: VendorError, grants: Grants) -> None:
    told = "".join(traceback.format_exception(error))
    told += repr(error) + repr(vars(error)) + repr(grants.outcomes)
    for secret in (TOKEN, KEY, "7cb40d54", "b12c87a7"):
        assert secret not in told
    assert all(f"/api/recording/{MASK}/{MASK}?" in (o.url or "") for o in grants.outcomes)
