"""Dagster's UI as a data engineer uses it, in a real browser, on the demo of a fresh home.

With CALLHOUSE_SCREENSHOTS set to a folder, the pictures of the documentation are taken anew.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from resources.embedded.ports import LOOPBACK, free_port
from tests.e2e.foreign_page import foreign_page
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
START_S = 240
RUN_S = 180
PAGE_MS = 60_000
SCREENSHOTS = os.environ.get("CALLHOUSE_SCREENSHOTS")
"""Read before the tests' environment is cleaned."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
GROUP = "/locations/__repository__@callhouse/asset-groups/conpeek/lineage"
ASSET = "/assets/conpeek/dialogs"
TODAY = datetime.now(UTC).date()


@dataclass(frozen=True)
class Site:
    """A running Callhouse."""

    url: str
    home: Path

    def ask(self, query: str, **variables: Any) -> Any:
        """What Dagster's GraphQL says."""
        return _post(f"{self.url}/graphql", {"query": query, "variables": variables})["data"]

    def spoil_records(self, name: str) -> None:
        """From now on the stand-in vendor gives this account records that can't be facts."""
        accounts = tomllib.loads((self.home / "standin/accounts.toml").read_text(encoding="utf-8"))
        account = accounts["accounts"][name]
        door = account["base_url"].partition(f"/{account['vendor']}/")[0]
        fault = {"fault": "field", "with": {"name": "dialog_type", "value": ["rubbish"]}}
        who = {"vendor": account["vendor"], "tenant": name, "times": 10_000}
        _post(f"{door}/_standin/faults", fault | who)

    def stop_schedules(self) -> None:
        """From now on only what is clicked is run."""
        selector = '{repositoryName: "__repository__", repositoryLocationName: "callhouse"}'
        query = (
            f"{{ schedulesOrError(repositorySelector: {selector}) {{ ... on Schedules {{"
            " results { scheduleState { id } } } } }"
        )
        for schedule in self.ask(query)["schedulesOrError"]["results"]:
            stop = "mutation($id: String!) { stopRunningSchedule(id: $id) { __typename } }"
            told = self.ask(stop, id=schedule["scheduleState"]["id"])["stopRunningSchedule"]
            assert told == {"__typename": "ScheduleStateResult"}

    def backfills_done(self) -> int:
        """How many runs of backfills have ended."""
        query = (
            "{ runsOrError(filter: {statuses: [SUCCESS, FAILURE]}) { ... on Runs { results {"
            " tags { key } } } } }"
        )
        runs = self.ask(query)["runsOrError"]["results"]
        return sum("dagster/backfill" in {tag["key"] for tag in run["tags"]} for run in runs)


def _post(url: str, body: object) -> Any:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking",
                  "--disable-component-update", "--disable-sync"],
        )  # fmt: skip
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home, port = tmp_path_factory.mktemp("ui"), free_port()
    for folder in (home, *home.parents[:2]):
        folder.chmod(0o755)  # Postgres of root's runs as somebody else, who must get in
    process = subprocess.Popen(
        [Path(sys.executable).with_name("callhouse"), "up", "--port", str(port)],
        env={**os.environ, "CALLHOUSE_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    site = Site(f"http://{LOOPBACK}:{port}", home)

    def is_up() -> bool:
        assert process.poll() is None, process.stdout and process.stdout.read()
        try:
            return site.ask("{ version }") is not None
        except OSError:
            return False

    wait_until(is_up, START_S)
    if not SCREENSHOTS:
        # Polls of five vendors, a process each, would only keep the browser waiting.
        site.stop_schedules()
    yield site
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    page = browser.new_page(base_url=site.url, viewport={"width": 1400, "height": 900})
    page.set_default_timeout(PAGE_MS)
    yield page
    page.close()


expect.set_options(timeout=PAGE_MS)


def keep(page: Page, name: str) -> None:
    """A picture for the documentation, when one is asked for."""
    if SCREENSHOTS:
        page.wait_for_timeout(1500)
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")


def days_of(site: Site, state: str) -> set[str]:
    """The partitions of the asset in that state: materialized, failed, materializing."""
    told = site.ask(
        "query($path: [String!]!) { assetNodeOrError(assetKey: {path: $path}) { ... on AssetNode {"
        " assetPartitionStatuses { ... on TimePartitionStatuses {"
        " ranges { status startKey endKey } } } } } }",
        path=["conpeek", "dialogs"],
    )
    ranges = told["assetNodeOrError"]["assetPartitionStatuses"]["ranges"]
    found: set[str] = set()
    for part in ranges:
        first, last = map(date.fromisoformat, (part["startKey"], part["endKey"]))
        if part["status"] == state:
            days = range((last - first).days + 1)
            found |= {(first + timedelta(days=n)).isoformat() for n in days}
    return found


def choose_days(page: Page, first: date, last: date) -> None:
    page.goto(GROUP)
    page.get_by_role("button", name="Materialize all").first.click()
    box = page.get_by_placeholder("No matching partitions")
    box.fill(f"[{first}...{last}]")
    box.press("Enter")
    days = (last - first).days + 1
    expect(page.get_by_text(f"{days} partition{'s' * (days > 1)}", exact=True)).to_be_visible()


def test_the_graph_shows_every_vendor_and_the_marts(page: Page) -> None:
    page.goto("/asset-groups")
    for group in ("clickfono", "conpeek", "evolux", "vono", "wolkvox", "marts"):
        expect(page.get_by_text(group, exact=True).first).to_be_visible()


def test_a_backfill_is_clicked_and_its_days_turn_green(page: Page, site: Site) -> None:
    first, last = TODAY - timedelta(days=4), TODAY - timedelta(days=3)
    choose_days(page, first, last)
    keep(page, "backfill")
    page.get_by_role("button", name="Launch backfill").click()
    expect(page.get_by_text("Created backfill")).to_be_visible()
    wanted = {first.isoformat(), last.isoformat()}
    wait_until(lambda: wanted <= days_of(site, "MATERIALIZED"), RUN_S)

    page.goto(f"{ASSET}?view=partitions&partition={last}")
    expect(page.get_by_text("Materialized", exact=True)).to_be_visible()
    for label in ("records", "new", "changed", "rejected", "run: requests", "accounts"):
        expect(page.get_by_text(label, exact=True).first).to_be_visible()
    expect(page.get_by_text("demo-conpeek-london").first).to_be_visible()
    expect(page.get_by_text("▁").or_(page.get_by_text("█")).first).to_be_visible()
    page.get_by_text("[Show Markdown]").click()
    picture = page.locator("img[src^='data:image/svg+xml']")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 0


def test_the_launchpad_refuses_a_wrong_value(page: Page) -> None:
    choose_days(page, TODAY, TODAY)
    page.get_by_text("Config", exact=True).click()
    page.get_by_role("button", name="Add config").click()
    save = page.get_by_role("button", name="Save config")
    expect(save).to_be_enabled()
    editor = page.locator(".CodeMirror").last

    def write(accounts: str) -> None:
        text = f"ops:\n  conpeek:\n    config:\n      accounts: {accounts}\n"
        editor.evaluate("(element, text) => element.CodeMirror.setValue(text)", text)

    write("5")
    expect(page.get_by_text("conpeek:config:accounts must be list")).to_be_visible()
    expect(save).to_be_disabled()
    write("[demo-conpeek-london]")
    expect(save).to_be_enabled()


@pytest.mark.skipif(not SCREENSHOTS, reason="only takes the documentation's pictures")
def test_pictures(page: Page, site: Site) -> None:
    query = "{ runsOrError(filter: {statuses: [SUCCESS]}) { ... on Runs { results { jobName } } } }"
    polls = {f"{name}_poll" for name in ("clickfono", "conpeek", "evolux", "vono", "wolkvox")}

    def all_polled() -> bool:
        runs = site.ask(query)["runsOrError"]["results"]
        return polls | {"marts_refresh"} <= {run["jobName"] for run in runs}

    wait_until(all_polled, 500)
    page.goto("/asset-groups")
    for group in ("conpeek", "wolkvox", "marts"):
        expect(page.get_by_text(group, exact=True).last).to_be_visible()
    for _ in range(2):
        page.wait_for_timeout(3000)
        expect(page.get_by_text("fetching statuses")).to_have_count(0)
    keep(page, "asset-graph")
    page.set_viewport_size({"width": 1400, "height": 1250})
    page.goto(f"{ASSET}?view=partitions&partition={TODAY - timedelta(days=3)}")
    expect(page.get_by_text("calls by hour, drawn")).to_be_visible()
    keep(page, "materialisation")


@pytest.mark.long  # in the short run, `test_shown_checks` asks what the page asks
def test_rejected_records_turn_a_check_red_which_says_where_and_why(page: Page, site: Site) -> None:
    site.spoil_records("demo-conpeek-london")
    done = site.backfills_done()
    choose_days(page, TODAY - timedelta(days=2), TODAY - timedelta(days=1))
    page.get_by_role("button", name="Launch backfill").click()
    wait_until(lambda: site.backfills_done() > done, RUN_S)
    page.goto(f"{ASSET}?view=checks&checkDetail=complete")
    expect(page.get_by_text("record(s) rejected").first).to_be_visible()
    expect(page.get_by_text("demo-conpeek-london").first).to_be_visible()
    expect(page.get_by_text("Failed", exact=True).first).to_be_visible()
    keep(page, "red-check")


def test_another_sites_page_can_do_nothing(page: Page, site: Site) -> None:
    schedule = {
        "repositoryName": "__repository__",
        "repositoryLocationName": "callhouse",
        "scheduleName": "conpeek_poll",
    }
    where = ", ".join(f'{name}: "{value}"' for name, value in schedule.items())
    start = f"mutation {{ startSchedule(scheduleSelector: {{{where}}}) {{ __typename }} }}"
    state = (
        "query($it: ScheduleSelector!) { scheduleOrError(scheduleSelector: $it) {"
        " ... on Schedule { scheduleState { id status } } } }"
    )

    def status() -> str:
        return str(site.ask(state, it=schedule)["scheduleOrError"]["scheduleState"]["status"])

    assert status() == "STOPPED"
    with foreign_page(site.url, start) as address:
        page.goto(address)
        page.wait_for_function("document.title.startsWith('{')")
    ended = json.loads(page.title())
    assert (ended["socket"], ended["json"]) == ("refused", "refused")
    assert status() == "STOPPED"
    # The same from a script on this machine works: it is the guard that refuses the page's.
    site.ask(start)
    assert status() == "RUNNING"
    site.stop_schedules()
