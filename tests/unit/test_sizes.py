"""What a mapping keeps of a record is measured where it may be large, and only there."""

from typing import Any

import pytest

from resources.text import payload
from resources.vendor_api import sizes
from resources.vendor_api.sizes import LARGEST_OBJECT, LEFT_OUT
from resources.vendor_api.vendor import Facts
from resources.vendors import discover
from tests.unit.helpers import account, rows, sample

STREAM: Any = discover()["conpeek"].stream("dialogs")
DIALOG: dict[str, Any] = sample("conpeek/cdr_dialog.200.sample.json")["data"][0]
LARGE = DIALOG | {"note": "x" * LARGEST_OBJECT}


def mapped(*records: dict[str, Any]) -> Facts:
    with sizes.none_beyond(max(len(payload.encode(record)) for record in records)):
        found: Facts = STREAM.normalise(records, account("conpeek"))
    return found


def test_nothing_is_measured_where_no_record_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = rows(STREAM.normalise([DIALOG], account("conpeek")))
    measured: list[Any] = []

    def encode(value: Any) -> bytes:
        measured.append(value)
        return b""

    monkeypatch.setattr(payload, "encode", encode)
    with sizes.none_beyond(LARGEST_OBJECT):
        found = STREAM.normalise([DIALOG], account("conpeek"))
    assert (rows(found), measured) == (expected, [])


def test_what_is_large_is_left_out_whoever_knows_of_it() -> None:
    for found in (mapped(DIALOG, LARGE), STREAM.normalise([DIALOG, LARGE], account("conpeek"))):
        assert found.faults == {1: {"note": LEFT_OUT}}
        legs = rows(found)["call_legs"]
        assert "note" not in legs[1]["attributes"]
        assert legs[0]["attributes"] == legs[1]["attributes"]
