"""Windows take turns where they compute: whoever has the turn waits for nothing."""

import logging
import time
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from assets.loading.landing.turn import TURN
from assets.loading.window import read
from resources.http.transport import Transport
from tests.loading.conftest import NOON, STREAMS, Open

EVENING = NOON + timedelta(hours=20)
WAITS = [
    (psycopg.Connection, "wait"), (psycopg.Cursor, "copy"), (Transport, "ask"), (time, "sleep"),
    (logging.Logger, "_log"),
]  # fmt: skip
"""What a load waits in: for Postgres, for a vendor, or for whoever reads its log."""
OTHERS = [stream for stream in STREAMS if stream != "conpeek.dialogs"]


@pytest.mark.parametrize(
    "stream", ["conpeek.dialogs", *(pytest.param(name, marks=pytest.mark.long) for name in OTHERS)]
)
def test_whoever_has_the_turn_waits_for_nothing(
    scene: Open, monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    had_the_turn: dict[str, set[bool]] = {}

    def watch(kind: Any, name: str) -> None:
        plain = getattr(kind, name)

        def waits(*arguments: Any, **options: Any) -> Any:
            had_the_turn.setdefault(name, set()).add(TURN._is_owned())  # type: ignore[attr-defined]
            return plain(*arguments, **options)

        monkeypatch.setattr(kind, name, waits)

    for kind, name in WAITS:
        watch(kind, name)
    monkeypatch.setattr(read, "BATCH", 2)
    here = scene(stream)
    here.put(*map(here.thing, range(5)), here.thing(5, broken=True), here.thing(6, garbled=True))
    here.at(EVENING)
    here.backfill()
    for value in range(5):  # so often that the field is taken for one that changes at each read
        here.put(here.thing(0, value=50 + value))
        here.backfill()
    here.remove(here.thing(1))
    here.backfill()
    here.rebuild()
    assert {"wait", "copy", "ask"} <= had_the_turn.keys()
    assert True not in set().union(*had_the_turn.values()), had_the_turn
