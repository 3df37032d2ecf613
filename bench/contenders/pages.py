"""Conpeek's pages, one after the other, for those contenders that don't fetch for themselves."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import orjson

from bench.task import PAGE, Task, dialogs_filter


def pages(task: Task) -> Iterator[list[dict[str, Any]]]:
    """The dialogs of the whole time; the last page is short."""
    wanted = dialogs_filter(task)
    with httpx.Client(headers={"authorization": task.token}, timeout=60) as client:
        for offset in count(0, PAGE):
            asked: dict[str, str | int] = {"limit": PAGE, "offset": offset, "filter": wanted}
            answer = client.get(f"{task.base_url}/cdr_dialog", params=asked)
            records: list[dict[str, Any]] = orjson.loads(answer.raise_for_status().content)["data"]
            yield records
            if len(records) < PAGE:
                return
