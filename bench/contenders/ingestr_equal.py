"""ingestr with equal work: the payloads, typed legs and typed calls, each merged by its key.

The pages are fetched and mapped once; it loads three files of JSON Lines, one after the other.
"""

import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson

from bench.contenders.mapping import CALLS, KEY, LEGS, RAW, TYPES, Mapping
from bench.contenders.pages import pages
from bench.task import Task, run

TABLES = (
    ("records", RAW, "record_key"),
    ("call_legs", LEGS, "leg_id"),
    ("calls", CALLS, "call_id"),
)
NAMES = {"text": "text", "bigint": "bigint", "bool": "boolean", "double": "double"}
"""Of dlt's types, where ingestr has others."""


def work(task: Task) -> dict[str, Any]:
    """Loads the whole time into the schema `peer`; reports the records."""
    records = _fetch(task)
    for name, columns, key in TABLES:
        _load(task, name, columns, [*KEY, key])
    return {"records": records}


def _load(task: Task, name: str, columns: Sequence[str], key: Sequence[str]) -> None:
    types = (TYPES.get(column, "text") for column in columns)
    hints = [f"{c}:{NAMES.get(kind, kind)}" for c, kind in zip(columns, types, strict=True)]
    command = [
        str(Path(sys.executable).with_name("ingestr")),
        *("ingest", "--yes", "--progress", "log"),
        *("--source-uri", f"jsonl://{task.path / name}.jsonl", "--source-table", name),
        *("--dest-uri", f"{task.database_url}?sslmode=disable", "--dest-table", f"peer.{name}"),
        *("--incremental-strategy", "merge", "--columns", ",".join(hints)),
        *(word for column in key for word in ("--primary-key", column)),
    ]
    subprocess.run(command, check=True, stdout=sys.stderr)


def _fetch(task: Task) -> int:
    mapping, found = Mapping(task, b"bench"), 0
    with ExitStack() as stack:
        files = [
            stack.enter_context((task.path / f"{name}.jsonl").open("wb")) for name, _, _ in TABLES
        ]
        for page in pages(task):
            for file, (_, columns, _), rows in zip(files, TABLES, mapping.rows(page), strict=True):
                for row in rows:
                    values = {
                        name: orjson.Fragment(value) if TYPES.get(name) == "json" else value
                        for name, value in zip(columns, row, strict=True)
                    }
                    file.write(orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE))
            found += len(page)
    return found


if __name__ == "__main__":
    run(work)
