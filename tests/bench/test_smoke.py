"""The benchmark works, and its floor is one: it leaves what Callhouse leaves. No times asserted."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bench import report
from bench.results import Results
from bench.scenarios import FLOOR, MERGING, OURS, Contender, Shape
from bench.yard import Figures, Lane, Yard
from resources.embedded.local_postgres import LocalPostgres

SIZE = 500
SHOWN = {
    "raw.records": "call_date, account, stream, record_key, version, payload",
    "facts.call_legs": "*",
    "facts.calls": "*",
    "facts.call_events": "*",
}
TIMES = ("first_seen_at", "updated_at")


@pytest.fixture
def yard(postgres: LocalPostgres, tmp_path: Path) -> Iterator[Yard]:
    with Yard(tmp_path, postgres) as yard:
        yield yard


def rows(lane: Lane, table: str) -> list[dict[str, Any]]:
    """What the contender left there, in order, without times of loading."""
    with closing(psycopg.connect(lane.task.database_url)) as connection:
        cursor = connection.execute(f"SELECT {SHOWN[table]} FROM {table} ORDER BY 1, 2, 3, 4, 5")
        names = [column.name for column in cursor.description or ()]
        found = [dict(zip(names, row, strict=True)) for row in cursor]
    return [{name: value for name, value in row.items() if name not in TIMES} for row in found]


@pytest.mark.long
@pytest.mark.timeout(300)  # several processes, each with its imports, on a machine that others use
def test_our_contenders_leave_the_same_rows_and_their_figures_make_tables(
    yard: Yard, tmp_path: Path
) -> None:
    steps: list[tuple[str, Figures]] = []
    left: list[dict[str, Any]] = []
    with yard.vendors(dialogs=SIZE) as url:
        for contender in (OURS, FLOOR, MERGING):
            once = Contender(contender.module, contender.steps[:1])
            with yard.lane(url, "conpeek", "dialogs") as lane:
                with closing(psycopg.connect(lane.task.database_url, autocommit=True)) as admin:
                    admin.execute(
                        "UPDATE ops.settings SET value = 'one' WHERE name = 'caller_secret'"
                    )
                steps += once.run(lane)
                assert lane.server.changed() == [], "left to autovacuum, and on nobody's scales"
                left.append({table: rows(lane, table) for table in SHOWN})
    ours, floor, merging = left
    assert floor == ours
    assert merging == ours
    assert len(ours["raw.records"]) == SIZE
    for name, figures in steps:
        assert figures.records == SIZE, name
        assert min(figures.wall_s, figures.client_s, figures.peak_mb, figures.wal_mb) > 0, name
        assert figures.rows_written >= SIZE * 2, name

    results = Results(tmp_path / "results.json")
    results.measure(
        "dialogs 500",
        iter(steps),
        {
            "machine": "here",
            "at": "now",
            "commit": "this",
            "command": "-",
            "load": 0,
            "versions": {},
        },
    )
    file = tmp_path / "benchmarks.md"
    file.write_text("# Benchmarks\n\nBefore.\n")
    for _ in range(2):
        report.write(file, report.tables(Results(tmp_path / "results.json")))
    text = file.read_text()
    assert text.startswith("# Benchmarks\n\nBefore.\n")
    assert text.count("### 500 dialogs") == 1
    assert all(f"| {name} |" in text for name, _ in steps)


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("shape", "facts"),
    [
        (Shape("evolux"), "facts.calls"),
        (Shape("evolux", "call_details", after="calls"), "facts.call_events"),
        (Shape("wolkvox"), "facts.calls"),
        (Shape("clickfono"), "facts.calls"),
    ],
    ids=["evolux", "details", "wolkvox", "clickfono"],
)
def test_each_shape_s_floor_leaves_what_callhouse_leaves(
    yard: Yard, shape: Shape, facts: str
) -> None:
    left: list[dict[str, Any]] = []
    size = 90
    for contender in shape.contenders:
        # Vendors anew, as Clickfono's requests change at each read.
        with (
            yard.vendors(calls=size, handled=size, requests=size) as url,
            yard.lane(url, shape.vendor, shape.stream) as lane,
        ):
            [(step, figures)] = contender.run(lane)
            assert figures.records == size, step
            left.append({table: rows(lane, table) for table in ("raw.records", facts)})
    ours, floor = left
    assert floor == ours
    assert len(ours[facts]) >= size
