"""dlt with equal work: the payloads, typed legs and typed calls, each merged by its key.

One walk through the pages by dlt's own client feeds three resources.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dlt
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import OffsetPaginator

from bench.contenders.mapping import CALLS, KEY, LEGS, RAW, TYPES, Mapping
from bench.task import PAGE, Task, dialogs_filter, run


def work(task: Task) -> dict[str, Any]:
    """Loads the whole time into the schema `peer`; reports the records."""
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(task.path / "dlt"),
        destination=dlt.destinations.postgres(task.database_url),
        dataset_name="peer",
    )
    pipeline.run(_resources(task))
    counts = pipeline.last_trace.last_normalize_info.row_counts
    return {"records": counts["records"]}


def _resources(task: Task) -> list[Any]:
    mapping = Mapping(task, b"bench")

    def walk() -> Iterator[Any]:
        client = RESTClient(
            f"{task.base_url}/",
            headers={"authorization": task.token},
            paginator=OffsetPaginator(limit=PAGE, total_path=None, stop_after_empty_page=True),
            data_selector="data",
        )
        for page in client.paginate("cdr_dialog", params={"filter": dialogs_filter(task)}):
            yield mapping.rows(page)

    pages = dlt.resource(walk, name="pages", selected=False)

    def resource(name: str, place: int, columns: Sequence[str], key: str) -> Any:
        def rows(page: Any) -> Iterator[list[dict[str, Any]]]:
            yield [dict(zip(columns, row, strict=True)) for row in page[place]]

        return dlt.transformer(
            rows,
            data_from=pages,
            name=name,
            primary_key=[*KEY, key],
            write_disposition="merge",
            columns={column: {"data_type": TYPES.get(column, "text")} for column in columns},
        )

    return [
        resource("records", 0, RAW, "record_key"),
        resource("call_legs", 1, LEGS, "leg_id"),
        resource("calls", 2, CALLS, "call_id"),
    ]


if __name__ == "__main__":
    run(work)
