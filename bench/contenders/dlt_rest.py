"""dlt: its `rest_api` source, merged by primary key, all else by its defaults."""

from typing import Any

import dlt
from dlt.sources.rest_api import rest_api_source

from bench.task import PAGE, Task, dialogs_filter, run


def work(task: Task) -> dict[str, Any]:
    """Loads the whole time into the schema `peer`; reports the records."""
    # In parameters dlt takes braces for placeholders, unless they are doubled.
    wanted = dialogs_filter(task).replace("{", "{{").replace("}", "}}")
    source = rest_api_source(
        {
            "client": {
                "base_url": f"{task.base_url}/",
                "headers": {"authorization": task.token},
                "paginator": {
                    "type": "offset",
                    "limit": PAGE,
                    "total_path": None,
                    "stop_after_empty_page": True,
                },
            },
            "resources": [
                {
                    "name": "dialogs",
                    "primary_key": "dialog_uuid",
                    "write_disposition": "merge",
                    "endpoint": {
                        "path": "cdr_dialog",
                        "params": {"filter": wanted},
                        "data_selector": "data",
                    },
                }
            ],
        }
    )
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(task.path / "dlt"),
        destination=dlt.destinations.postgres(task.database_url),
        dataset_name="peer",
    )
    pipeline.run(source)
    counts = pipeline.last_trace.last_normalize_info.row_counts
    return {"records": counts["dialogs"]}


if __name__ == "__main__":
    run(work)
