"""Cancelling in a real browser: a backfill that a worker executes ends by the UI's own button."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from resources.configuration.home import BROKER
from resources.embedded.ports import LOOPBACK, free_port
from resources.postgres.database import URL
from resources.standin import StandIn, Tenant
from tests.workers.cluster import CALLHOUSE, Worker
from tests.workers.content import HELD
from tests.workers.redis_server import RedisServer, needs_redis

pytestmark = [needs_redis, pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(900)]
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PATIENCE_S = 300
PAGE_MS = 60_000
DAYS = [f"{datetime.now(UTC).date() - timedelta(days=ago)}" for ago in (2, 1)]
LAUNCH = """
mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }
"""
STATE = """
query($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill {
  status runs { id status } } } }
"""
AT_WORK = "SELECT run_id FROM ops.worker_runs WHERE expires_at > ops.now()"
COMPLETE = "SELECT call_date FROM ops.days WHERE state = 'complete'"


@dataclass(frozen=True)
class Site:
    """A Callhouse whose runs go to workers."""

    url: str
    process: "subprocess.Popen[bytes]"

    def ask(self, query: str, **variables: Any) -> Any:
        """What Dagster's GraphQL says."""
        request = urllib.request.Request(
            f"{self.url}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]

    def is_up(self) -> bool:
        assert self.process.poll() is None
        try:
            return self.ask("{ version }") is not None
        except OSError:
            return False


def until(fact: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := fact()):
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.3)
    return found


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


@pytest.fixture
def site(
    tenants: Mapping[str, Tenant],
    broker: RedisServer,
    database_url_with_dagster: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Site]:
    port = free_port()
    monkeypatch.setenv(URL, database_url_with_dagster)
    monkeypatch.setenv(BROKER, broker.url())
    own = {"CALLHOUSE_HOME": str(tmp_path / "home")}
    command = [str(CALLHOUSE), "up", "--port", str(port)]
    with subprocess.Popen(command, env=os.environ | own) as process:
        site = Site(f"http://{LOOPBACK}:{port}", process)
        try:
            until(site.is_up)
            yield site
        finally:
            process.send_signal(signal.SIGINT)


@pytest.fixture
def page(site: Site) -> Iterator[Page]:
    if BROWSER is None:
        pytest.skip("no browser is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(base_url=site.url)
        page.set_default_timeout(PAGE_MS)
        yield page
        browser.close()


def test_a_backfill_on_a_worker_ends_by_the_uis_button(
    site: Site,
    page: Page,
    standin: StandIn,
    tenants: Mapping[str, Tenant],
    database_url_with_dagster: str,
    tmp_path: Path,
) -> None:
    url = database_url_with_dagster
    worker = Worker(tmp_path / "worker", ["--queue", "backfills", "--concurrency", "1"])
    try:
        tenants["conpeek"].latency_s = 45.0
        told = site.ask(
            LAUNCH,
            params={
                "assetSelection": [
                    {"path": ["conpeek", name]} for name in ("dialogs_raw", "dialogs")
                ],
                "partitionNames": DAYS,
            },
        )["launchPartitionBackfill"]
        backfill = told["backfillId"]
        until(lambda: standin.requests)
        ((run,),) = rows(url, AT_WORK)
        process = {one.pid for one in worker.pool()}

        page.goto(f"/runs/b/{backfill}")
        page.get_by_role("img", name="expand_more").click()
        page.get_by_text("Cancel backfill", exact=True).click()
        page.get_by_role("button", name="Cancel backfill").click()

        def state() -> Any:
            return site.ask(STATE, id=backfill)["partitionBackfillOrError"]

        until(lambda: state()["status"] == "CANCELED")
        assert state()["runs"] == [{"id": run, "status": "CANCELED"}]
        expect(page.get_by_text("Canceled").first).to_be_visible(timeout=PAGE_MS)
        until(lambda: rows(url, HELD) == [(0, 0, 0)])
        assert rows(url, COMPLETE) == []
        asked = len(standin.requests)
        time.sleep(5)
        assert len(standin.requests) == asked, "nobody asks any more"
        assert {one.pid for one in worker.pool()} == process, "its process takes the next run"
        assert standin.breaches == []
    finally:
        worker.vanish()
