"""A batch's columns as text: what its tables have alike is made once, and is the same."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest

from assets.loading.account_stream import AccountStream, account_stream
from assets.loading.landing.batch_text import BatchText, Rows
from assets.loading.landing.caller_keys import CallerKeys
from assets.loading.landing.item import Item
from assets.loading.landing.mapping import map_records
from assets.loading.landing.observation import Observation
from resources.postgres import frame_text
from resources.vendor_api.vendor import AnyStream
from resources.vendors import discover
from tests.unit.helpers import account, sample

KEYS = CallerKeys(b"secret")


@pytest.fixture
def batch() -> BatchText:
    vendor = discover()["conpeek"]
    source: AccountStream[AnyStream] = account_stream(
        vendor, account("conpeek"), vendor.stream("dialogs")
    )
    now = datetime.now(UTC)
    records = sample("conpeek/cdr_dialog.200.sample.json")["data"]
    kinds = ["EXTERNAL", "INTERNAL", "EXTERNAL", "NOT KNOWN"]
    numbers = ["+48500000001", None, "*99\t", "+48500000002"]
    items = [
        Item(str(n), records[0] | {"dialog_type": kind, "from_display_target": number}, b"", "",
             Observation(None, n, now), now)
        for n, (kind, number) in enumerate(zip(kinds, numbers, strict=True))
    ]  # fmt: skip
    return BatchText(source, items, map_records(items, source, date(2026, 3, 1)))


def both(batch: BatchText) -> list[Rows]:
    rows = [batch.rows(target, KEYS) for target in batch.source.stream.targets]
    return [one for one in rows if one]


def test_what_is_alike_is_made_once(batch: BatchText, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    plain = frame_text.column_texts

    def counted(column: "pd.Series[Any]") -> list[str]:
        made.append(column.name)
        return plain(column)

    monkeypatch.setattr(frame_text, "column_texts", counted)
    shared = both(batch)
    assert batch.facts.alike
    assert all(made.count(name) == 1 for name in (*batch.facts.alike, "caller_key"))
    alone = replace(batch, facts=replace(batch.facts, alike=frozenset()), _records={}, _rows={})
    assert both(alone) == shared


def test_a_row_goes_with_its_record(batch: BatchText) -> None:
    legs, calls = both(batch)
    assert legs.places == [0, 1, 2, 3]
    assert calls.places == [0, 2]
    of_some = calls.of([2, 3])
    assert of_some.places == [2]
    assert of_some.columns["from_number"] == [r"*99\t"]
    assert of_some.columns["call_id"] == ["2"]
