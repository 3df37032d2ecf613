"""The report's page: what vendors say in it, how it is made and served, and in a browser without a
network.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from playwright.sync_api import Browser, sync_playwright
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from typer.testing import CliRunner

import sql
from assets.report_page import PATH, report_asset
from assets.resource import CallhouseResource
from pipelines.cli import app
from pipelines.web.report import with_report
from resources.errors import CallhouseError
from resources.postgres.warehouse import Warehouse
from resources.report import page
from resources.report.answers import reading, select
from resources.report.charts import charts, marts_read
from sql.mart import marts
from tests.db.report.conftest import (
    DAYS,
    FIRST,
    HOSTILE,
    LAST,
    NUMBER,
    week,
)


class Tags(HTMLParser):
    """What a browser would make of the page: tags, and the texts of scripts that hold data."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()
        self.data: list[str] = []
        self._is_data = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] += 1
        self._is_data = ("type", "application/json") in attrs
        if self._is_data:
            self.data.append("")

    def handle_endtag(self, tag: str) -> None:
        self._is_data = False

    def handle_data(self, data: str) -> None:
        if self._is_data:
            self.data[-1] += data


def test_what_vendors_say_is_data(given: Warehouse) -> None:
    made = page.render(given, week(given))
    assert not made.faults
    tags = Tags(made.html)
    drawn = sum(chart.spec is not None for chart in charts())
    assert (tags.found["script"], tags.found["img"]) == (drawn + 4, 0)
    assert len(tags.data) == drawn
    names = {row[0] for text in tags.data for row in json.loads(text)["rows"]}
    assert f"acme · {HOSTILE}".replace("\u202e", "�") in names
    assert "\u202e" not in made.html
    assert "{{7*7}}" in made.html
    assert len(made.html.encode()) < 1_500_000


def test_numbers_are_there_only_where_they_are_asked_for(given: Warehouse) -> None:
    assert NUMBER not in page.render(given, week(given)).html
    assert NUMBER in page.render(given, week(given, pii=True)).html


def test_the_banner_says_which_days_arent_final(given: Warehouse) -> None:
    html = page.render(given, week(given)).html
    assert "of 28 account days 23 are trusted, 1 not read whole, 4 may still change." in html
    trusted = page.render(given, select(given, (FIRST, DAYS[1]))).html
    assert "All figures are of days that were read whole: they may be trusted." in trusted


def test_a_query_that_fails_is_told_and_stops_no_other(
    given: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sql.read

    def broken(name: str, *rest: Any) -> str:
        return "SELECT 1 FROM marts.gone" if name.endswith("trend/query") else whole(name, *rest)

    monkeypatch.setattr(sql, "read", broken)
    made = page.render(given, week(given))
    assert made.faults == ['Calls by day: relation "marts.gone" does not exist']
    assert "This part couldn't be made" in made.html
    assert "Missed calls by hour and queue" in made.html


def test_it_reads_as_an_analyst_and_cannot_write(given: Warehouse) -> None:
    with reading(given, week(given)) as reader:
        who = reader._connection.exec_driver_sql(
            "SELECT current_user, current_setting('transaction_read_only')"
        ).one()
    assert tuple(who) == ("callhouse_analyst", "on")
    with given.transaction() as c:
        assert c.exec_driver_sql("SELECT current_user <> 'callhouse_analyst'").scalar()


def test_queries_can_be_run_as_the_page_shows_them(given: Warehouse) -> None:
    with reading(given, week(given, "acme")) as reader:
        shown = [reader.ask(chart.statement) for chart in charts()]
    for answer in shown:
        with given.transaction() as c:
            assert len(c.exec_driver_sql(answer.query.replace("%", "%%")).all()) == len(answer.rows)


@pytest.mark.parametrize(
    ("days", "accounts", "said"),
    [
        ((FIRST, LAST), ("nobody",), "No account nobody is loaded. There are: acme, bogota, ivr,"),
        ((LAST, FIRST), (), "ends .2026-03-16. before it begins"),
        ((date(2020, 1, 1), LAST), (), "366 days at most"),
    ],
)
def test_what_cannot_be_reported_is_refused(
    given: Warehouse, days: tuple[date, date], accounts: tuple[str, ...], said: str
) -> None:
    with pytest.raises(CallhouseError, match=said):
        select(given, days, accounts)


def test_the_command_writes_the_file_and_says_where(
    given: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLHOUSE_DATABASE_URL", given.url.render_as_string(hide_password=False))
    file = tmp_path / "acme.html"
    command = ["report", "--day", f"{LAST}", "--account", "acme", "-o", str(file)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert f"Sunday, {LAST}: {file}" in done.output.replace("\n", "")
    assert "<title>Calls, Sunday, 2026-03-22</title>" in file.read_text(encoding="utf-8")
    for wrong, code in ((["--day", f"{LAST}", "--from", f"{LAST}"], 2), (["-o", "/"], 1)):
        assert CliRunner().invoke(app, ["report", *wrong]).exit_code == code


@pytest.mark.parametrize(
    ("url", "file"),
    [(None, "reports/calls.html"), ("memory://reports", "memory:///reports/calls.html")],
)
def test_dagster_makes_it_and_the_ui_serves_it(
    given: Warehouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    url: str | None,
    file: str,
) -> None:
    if url:
        monkeypatch.setenv("CALLHOUSE_REPORT_URL", url)
    monkeypatch.setenv("CALLHOUSE_DATABASE_URL", given.url.render_as_string(hide_password=False))
    monkeypatch.setenv("CALLHOUSE_HOME", str(tmp_path))

    async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("the UI")(scope, receive, send)

    client = TestClient(with_report(nothing))
    assert client.get(PATH).status_code == 404
    result = dg.materialize([report_asset()], resources={"callhouse": CallhouseResource()})
    (told,) = result.asset_materializations_for_node("report__calls")
    assert told.metadata["page"].value == PATH
    assert told.metadata["file"].value == (file if url else str(tmp_path / file))
    served = client.get(PATH)
    assert served.headers["content-type"].startswith("text/html")
    policy = served.headers["content-security-policy"]
    assert "sandbox allow-scripts;" in policy, "a page of its own origin can't act in the UI"
    assert "acme" in served.text
    assert client.get("/assets").text == "the UI"
    monkeypatch.setenv("CALLHOUSE_REPORT_URL", "s3://AK:a-secret@bucket")
    refused = client.get(PATH)
    assert (refused.status_code, "a-secret" in refused.text) == (503, False)
    assert "CALLHOUSE_REPORT_URL: expected s3://bucket/prefix" in refused.text


def test_every_mart_that_it_reads_is_there() -> None:
    assert marts_read() <= marts().keys()
    assert {"trust_by_day", "calls_by_day", "missed_callers"} <= marts_read()


def test_it_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("an older one")
    (tmp_path / "link").symlink_to("there")
    page.write(page.ReportPage("all of it", []), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_text() == "all of it"


def test_it_is_written_into_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "pipe")
    with ThreadPoolExecutor(1) as reader:
        read = reader.submit(pipe.read_text)
        page.write(page.ReportPage("all of it", []), pipe)
        assert read.result() == "all of it"
    assert pipe.is_fifo()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if path is None:
        pytest.skip("no browser is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.mark.browser
def test_it_opens_without_a_network(given: Warehouse, browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    page.write(page.render(given, week(given)), file)
    context = browser.new_context(offline=True, viewport={"width": 390, "height": 800})
    opened = context.new_page()
    heard: list[str] = []
    asked: list[str] = []
    opened.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: heard.append(str(error)))
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(file.as_uri())
    opened.wait_for_selector("html[data-drawn]")
    assert heard == []
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
    assert opened.locator("figure.chart svg").count() == opened.locator("figure.chart").count() == 6
    assert opened.evaluate("typeof hacked") == "undefined"
    assert opened.evaluate("document.documentElement.scrollWidth") == 390, "nothing sticks out"
    for section in opened.locator("section:has(figure.chart)").all():
        assert section.locator("table tbody tr").count() > 0, "a table behind each chart"
    context.close()
