"""A load's memory is that of what is under way, however long the history."""

from pathlib import Path

import pytest

from bench.yard import Yard
from resources.embedded.local_postgres import LocalPostgres

ALIKE_MB = 25
"""So much the peaks of two equal loads may differ, as threads meet otherwise."""


@pytest.mark.long
@pytest.mark.timeout(900)
def test_twice_the_records_take_no_more_memory(postgres: LocalPostgres, tmp_path: Path) -> None:
    peaks = []
    for size in (40_000, 80_000):
        with (
            Yard(tmp_path, postgres) as yard,
            yard.vendors(dialogs=size) as url,
            yard.lane(url, "conpeek", "dialogs") as lane,
        ):
            figures = lane.run("ours", "load")
            assert figures.records >= size
            peaks.append(figures.peak_mb)
    assert peaks[1] - peaks[0] < ALIKE_MB, peaks
