"""dlt's Arrow route: pages as Arrow tables of a given schema, appended. No merge."""

from collections.abc import Iterator
from typing import Any

import dlt
import orjson
import pyarrow as pa

from bench.contenders.pages import pages
from bench.task import Task, run

NUMBERS = (
    "talking_time", "waiting_time", "first_queue_waiting_time", "machine_detected", "project_id",
    "tenant_user_id",
)  # fmt: skip
TEXTS = (
    "dialog_uuid", "dialog_type", "business_direction", "business_end_cause",
    "from_display_target", "to_display_target", "start_time", "hangup_time", "serve_time",
    "alert_time", "answer_time", "ring_time", "machine_detected_type", "project_name", "call_uuid",
    "tenant_user_name", "operator_call_id", "custom_tag_ids",
)  # fmt: skip
SCHEMA = pa.schema(
    [(name, pa.string()) for name in TEXTS] + [(name, pa.int64()) for name in NUMBERS]
)


def work(task: Task) -> dict[str, Any]:
    """Loads the whole time into the schema `peer`; reports the records."""
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(task.path / "dlt"),
        destination=dlt.destinations.postgres(task.database_url),
        dataset_name="peer",
    )
    pipeline.run(dlt.resource(_tables(task), name="dialogs", write_disposition="append"))
    counts = pipeline.last_trace.last_normalize_info.row_counts
    return {"records": counts["dialogs"]}


def _tables(task: Task) -> Iterator[pa.Table]:
    for page in pages(task):
        for record in page:
            record["custom_tag_ids"] = orjson.dumps(record["custom_tag_ids"]).decode()
        if page:
            yield pa.Table.from_pylist(page, schema=SCHEMA)


if __name__ == "__main__":
    run(work)
