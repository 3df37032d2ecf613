"""Somebody to forget, where the warehouse has them, and when."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assets.loading.details.answers import Answers
from assets.loading.details.fetch import DetailFetcher
from assets.privacy.forget import Site
from resources.forgotten import Hasher, HashKind
from resources.vendor_api.vendor import Parent
from resources.vendors import discover
from tests.loading.conftest import DAY, Open, Scene
from tests.loading.stream_scene import AUDIO
from tests.model.system import Killed
from tests.model.vendors import Thing
from tests.privacy_site import places_of, site_of

NUMBERS = {
    "conpeek": ("from_display_target", "+48505550177", "505 550 177"),
    "clickfono": ("caller_number", "+56987650077", "9 8765 0077"),
    "evolux": ("caller", "+5511999480077", "(11) 99948-0077"),
    "vono": ("source", "+5511999480088", "011999480088"),
    "wolkvox.calls": ("telephone", "+573204560077", "93204560077"),
}
"""By stream: the field, somebody's number, and how a vendor may write it."""


def suppress(here: Scene, number: str, keeps_calls: bool = False) -> None:
    secret = here.system.warehouse.rows("load/caller_secret")[0].value.encode()
    hasher = Hasher(secret)
    here.system.warehouse.run(
        "erase/suppress",
        hash=hasher.number(number),
        kind=HashKind.NUMBER,
        keeps_calls=keeps_calls,
        tail=hasher.tail(number),
    )


def put_caller(here: Scene, thing: Thing, field: str, number: str, **more: Any) -> None:
    """The thing, of a caller with this number."""
    shown = here.kind.show(thing, here.kind.zone) | {field: number} | more
    here.tenant.put([shown], here.kind.report)


def open_site(here: Scene, home: Path) -> Site:
    return site_of(here.system.warehouse, {here.account.name: here.account}, home)


def searched(here: Scene, home: Path, number: str) -> dict[str, int]:
    """Where the number is: by its national digits, which all spellings have, and in E.164."""
    return places_of(here.system.warehouse, home, [number[-8:]])


def fetch_details(here: Scene, name: str) -> None:
    vendor = here.account.vendor
    details = discover()[vendor].stream(name)
    loader = here.system.loaders[vendor]
    assert loader.backfill([here.account], [details], [DAY])[0].error is None


def recording(
    scene: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Scene, str, Callable[[], list[Path]]]:
    """A recording of somebody's call, loaded without its audio; their number; the files then."""
    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", str(tmp_path / "audio"))
    field, number, spelling = NUMBERS["vono"]
    here = scene("vono", streams=("recordings", "recording_audio"))
    here.tenant.put_audio(3, AUDIO)
    put_caller(here, here.thing(3), field, spelling)
    here.later(days=30)
    here.backfill()
    return here, number, lambda: [p for p in (tmp_path / "audio").rglob("*") if p.is_file()]


def while_details_come(
    here: Scene,
    name: str,
    goes: Callable[[], object],
    monkeypatch: pytest.MonkeyPatch,
    is_killed: bool = False,
) -> None:
    """Does it between the vendor's answers and their landing, or after a kill there."""
    fetch = DetailFetcher.fetch

    def fetch_then(fetcher: DetailFetcher, parents: list[Parent]) -> Answers:
        answers = fetch(fetcher, parents)
        if is_killed:
            raise Killed
        goes()
        return answers

    details = discover()[here.account.vendor].stream(name)
    monkeypatch.setattr(DetailFetcher, "fetch", fetch_then)
    loader = here.system.loaders[here.account.vendor]
    with contextlib.suppress(Killed):
        assert loader.backfill([here.account], [details], [DAY])[0].error is None
    if is_killed:
        here.system.close()
        here.system.loaders = here.system._processes()
        goes()
