"""Callhouse itself, without Dagster around it: the loader that every run of an asset calls."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from assets.loading.load import Loader
from assets.loading.result import Result
from bench.task import Task, run
from resources.account import Account, Limits
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.vendor import AnyStream, Vendor
from resources.vendors import discover

IDLE_POLLS = 50


def work(task: Task) -> dict[str, Any]:
    """Does the task's action; reports how many records it was about."""
    vendor = discover()[task.vendor]
    stream = vendor.stream(task.stream)
    warehouse = Warehouse(task.database_url)
    loader = Loader(warehouse, vendor, "bench")
    try:
        return ACTIONS[task.action](task, loader, vendor, stream)
    finally:
        loader.close()
        warehouse.close()


def _backfill(task: Task, loader: Loader, vendor: Vendor, stream: AnyStream) -> dict[str, Any]:
    return _told(loader.backfill([account(task, vendor)], [stream], _days(task)))


def _rebuild(task: Task, loader: Loader, vendor: Vendor, stream: AnyStream) -> dict[str, Any]:
    return _told(loader.rebuild([account(task, vendor)], [stream], _days(task)))


def _idle(task: Task, loader: Loader, vendor: Vendor, stream: AnyStream) -> dict[str, Any]:
    """Polls with nothing new; only those after the first are measured."""
    from bench.server import Server

    one, server = account(task, vendor), Server(task.database_url)
    _told(loader.poll([one], [stream]))
    before = time.process_time(), server.cpu_s(), time.monotonic()
    records = sum(_told(loader.poll([one], [stream]))["records"] for _ in range(IDLE_POLLS))
    return {
        "records": records,
        "polls": IDLE_POLLS,
        "polls_client_s": time.process_time() - before[0],
        "polls_postgres_s": server.cpu_s() - before[1],
        "polls_wall_s": time.monotonic() - before[2],
    }


def _crowd(task: Task, loader: Loader, vendor: Vendor, stream: AnyStream) -> dict[str, Any]:
    """Many accounts polled at once, each with its own token; nothing is new for any of them."""
    base = task.base_url.rpartition("/")[0]
    many = [
        account(task, vendor, base_url=f"{base}/demo-{n}", start_date=datetime.now(UTC).date())
        for n in range(1, task.accounts + 1)
    ]
    from bench.server import Server

    server = Server(task.database_url)
    _told(loader.poll(many, [stream]))
    before = time.process_time(), server.cpu_s(), time.monotonic()
    said = _told(loader.poll(many, [stream]))
    return said | {
        "polls": task.accounts,
        "polls_client_s": time.process_time() - before[0],
        "polls_postgres_s": server.cpu_s() - before[1],
        "polls_wall_s": time.monotonic() - before[2],
    }


ACTIONS = {"load": _backfill, "rebuild": _rebuild, "idle": _idle, "crowd": _crowd}


def account(task: Task, vendor: Vendor, **changes: Any) -> Account:
    """The account of a fast tenant: the vendor's limits, but for those of time.

    A benchmark that waits for a documented pause measures the pause.
    """
    base_url = changes.get("base_url", task.base_url)
    name = base_url.rpartition("/")[2]
    limits = vendor.limits.model_dump() | {"requests_per_s": None, "min_interval_s": 0}
    fields: dict[str, Any] = {
        "name": name,
        "vendor": vendor.name,
        "base_url": base_url,
        "timezone": ZoneInfo("UTC"),
        "start_date": date.fromisoformat(task.first_day),
        "streams": (task.stream,),
        "currency": None,
        "country": vendor.country,
        "operation": name,
        "poll_every": timedelta(minutes=5),
        "credentials": {"token": SecretStr(f"standin-{name}")},
        "limits": Limits.model_validate(limits),
        "options": vendor.options(),
    }
    return Account(**fields | changes)


def _days(task: Task) -> list[date]:
    first = date.fromisoformat(task.first_day)
    return [first + timedelta(days=n) for n in range(task.days)]


def _told(results: list[Result]) -> dict[str, Any]:
    for result in results:
        if result.state != "ok":
            raise RuntimeError(f"{result.account}: {result.state}: {result.error}")
    return {"records": sum(result.loaded.total.records for result in results)}


if __name__ == "__main__":
    run(work)
