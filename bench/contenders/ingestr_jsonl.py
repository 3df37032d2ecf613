"""ingestr, merged by primary key. It has no source for an API with pages, so these are fetched
here and handed to its JSON Lines source: the cheapest of its roads that we found (rows by its
Python interface cost ten times as much).
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson

from bench.contenders.pages import pages
from bench.task import Task, run


def work(task: Task) -> dict[str, Any]:
    """Loads the whole time into the schema `peer`; reports the records."""
    file = task.path / "dialogs.jsonl"
    records = _fetch(task, file)
    command = [
        str(Path(sys.executable).with_name("ingestr")),
        *("ingest", "--yes", "--progress", "log"),
        *("--source-uri", f"jsonl://{file}", "--source-table", "dialogs"),
        *("--dest-uri", f"{task.database_url}?sslmode=disable", "--dest-table", "peer.dialogs"),
        *("--incremental-strategy", "merge", "--primary-key", "dialog_uuid"),
    ]
    subprocess.run(command, check=True, stdout=sys.stderr)
    return {"records": records}


def _fetch(task: Task, file: Path) -> int:
    found = 0
    with file.open("wb") as lines:
        for page in pages(task):
            for record in page:
                lines.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
            found += len(page)
    return found


if __name__ == "__main__":
    run(work)
