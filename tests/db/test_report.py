"""The report on a set made by hand: each figure against the facts counted by Python, and the page
in a browser without a network.
"""

import json
import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from playwright.sync_api import Browser, sync_playwright
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from typer.testing import CliRunner

import sql
from assets.refresh import refresh_marts
from assets.report_page import PATH, report_asset
from assets.resource import CallhouseResource
from pipelines.cli import app
from pipelines.web.report import with_report
from resources.errors import CallhouseError
from resources.postgres.warehouse import Warehouse
from resources.report import page
from resources.report.answers import Selection, reading, select
from resources.report.charts import charts, marts_read
from sql.mart import marts
from tests.db.facts import mark_stale, put, put_account, put_call, put_day, query

LAST = date(2026, 3, 22)
FIRST = LAST - timedelta(days=6)
BEFORE = [FIRST - timedelta(days=n) for n in range(7, 0, -1)]
DAYS = [FIRST + timedelta(days=n) for n in range(7)]
UNREAD = DAYS[2]
HOSTILE = "</script><script>hacked=1</script><img src=//evil.example onerror=hacked=1>\u202e{{7*7}}"
QUEUES = ("Sales", HOSTILE, None)
ACCOUNTS = {"acme": "Europe/Warsaw", "bogota": "America/Bogota"}
NUMBER = "+482255500"
ZONE = {name: ZoneInfo(zone) for name, zone in ACCOUNTS.items()}
MISSED = ("abandoned", "no_answer")


def put_history(c: Any) -> None:
    """Two weeks of calls of two accounts, the same at every run; bogota's vendor tells no waits."""
    chance = random.Random(14)
    for account, zone in ZONE.items():
        for day in [*BEFORE, *DAYS]:
            if (account, day) == ("bogota", UNREAD):
                continue
            for number in range(chance.randrange(4, 14)):
                _put_one(
                    c, chance, account, datetime(day.year, day.month, day.day, tzinfo=zone), number
                )


def _put_one(c: Any, chance: random.Random, account: str, midnight: datetime, number: int) -> None:
    outbound = chance.random() < 0.25
    disposition = chance.choice(
        ("answered", "no_answer", "blocked") if outbound else ("answered", "answered", "abandoned")
    )
    caller = chance.randrange(12)
    local = midnight + timedelta(hours=chance.randrange(7, 20), minutes=number)
    waits = account == "acme" and not outbound
    put_call(
        c,
        f"{account}-{midnight.date()}-{number}",
        call_date=midnight.date(),
        account=account,
        vendor="conpeek" if account == "acme" else "wolkvox",
        direction="outbound" if outbound else "inbound",
        queue_name=chance.choice(QUEUES),
        started_at=local.astimezone(UTC),
        started_local=local.replace(tzinfo=None),
        disposition=disposition,
        wait_s=chance.randrange(1, 50) if waits else None,
        talk_s=chance.randrange(5, 300) if disposition == "answered" else None,
        caller_key=f"key-{caller}" if caller else None,
        **{"to_e164" if outbound else "from_e164": f"{NUMBER}{caller:02}" if caller else None},
    )


def put_others(c: Any) -> None:
    """Records of the other grains: sessions, callback requests, recordings."""
    own = {"call_date": DAYS[1], "wait_s": None}
    session = {
        **own,
        "account": "ivr",
        "vendor": "evolux",
        "grain": "ivr_session",
        "flow_name": "Main",
    }
    for key, disposition, steps in (
        ("x", "transferred", ("start", "menu", "transfer")),
        ("y", "abandoned", ("start", "menu")),
        ("z", "ivr_contained", ("start", "menu", "hangup")),
    ):
        put_call(c, key, **session, disposition=disposition, talk_s=None)
        for position, name in enumerate(steps, 1):
            step = {
                "call_date": DAYS[1],
                "account": "ivr",
                "stream": "call_details",
                "call_id": key,
            }
            put(c, "facts.call_events", **step, position=position, task_name=name)
    request = {
        **own, "account": "popup", "vendor": "clickfono", "grain": "callback_request",
        "direction": "outbound",
    }  # fmt: skip
    for key, attempt, disposition in (
        ("a", 1, "answered"), ("b", 2, "answered"), ("c", 3, "no_answer"), ("d", 1, "blocked"),
    ):  # fmt: skip
        put_call(c, key, **request, attempt_no=attempt, disposition=disposition)


@pytest.fixture(scope="module")
def given(shared_warehouse: Warehouse) -> Warehouse:
    days = [*BEFORE, *DAYS]
    shared_warehouse.make_days(set(days))
    vendors = {"acme": "conpeek", "bogota": "wolkvox", "ivr": "evolux", "popup": "clickfono"}
    tells = {"acme": ["abandoned", "talk", "waits"], "bogota": ["abandoned", "talk"]}
    with shared_warehouse.transaction() as c:
        for account, vendor in vendors.items():
            zone = ACCOUNTS.get(account, "Europe/Warsaw")
            put_account(
                c, account=account, vendor=vendor, timezone=zone, start_date=days[0],
                tells=tells.get(account, []),
            )  # fmt: skip
            for day in days:
                if (account, day) != ("bogota", UNREAD):
                    put_day(
                        c, account=account, call_date=day, timezone=zone,
                        state="settling" if day == LAST else "complete",
                    )  # fmt: skip
        put_history(c)
        put_others(c)
        for day in days:
            mark_stale(c, day)
    assert refresh_marts(shared_warehouse) == sorted(days, reverse=True)
    return shared_warehouse


@pytest.fixture(scope="module")
def facts(given: Warehouse) -> list[dict[str, Any]]:
    """Every call as it is in facts."""
    columns = (
        "call_date, account, grain, direction, queue_name, disposition, started_at, started_local,"
        " wait_s, talk_s, caller_key, from_e164, outcome"
    )
    rows = query(given, f"SELECT {columns} FROM facts.calls ORDER BY started_at")
    return [dict(zip(columns.split(", "), row, strict=True)) for row in rows]


def week(given: Warehouse, *accounts: str, pii: bool = False) -> Selection:
    return select(given, (FIRST, LAST), accounts, pii)


def ask(given: Warehouse, name: str, selection: Selection) -> list[dict[str, Any]]:
    """The rows of a chart or of the tiles."""
    statements = {chart.name: chart.statement for chart in charts()}
    with reading(given, selection) as reader:
        answer = reader.ask(statements.get(name, f"report/{name}"))
    assert answer.error is None
    return [dict(row._mapping) for row in answer.rows]


def label(call: dict[str, Any]) -> str:
    return f"{call['account']} · {call['queue_name'] or 'queue not told'}"


def is_missed(call: dict[str, Any]) -> bool:
    return bool(call["direction"] == "inbound" and call["disposition"] in MISSED)


def in_week(call: dict[str, Any]) -> bool:
    return bool(FIRST <= call["call_date"] <= LAST)


def test_tiles_are_what_the_facts_count(given: Warehouse, facts: list[dict[str, Any]]) -> None:
    tiles = {(t["account"], t["direction"]): t for t in ask(given, "tiles", week(given))}
    assert len(tiles) == 6
    for account in ACCOUNTS:
        for direction in ("inbound", "outbound"):
            tile = tiles[account, direction]
            calls = [
                f for f in facts
                if in_week(f) and (f["account"], f["direction"]) == (account, direction)
            ]  # fmt: skip
            of = Counter(call["disposition"] for call in calls)
            answered = of["answered"]
            lost = of["abandoned"] + of["no_answer"]
            assert (tile["calls"], tile["offered"]) == (len(calls), answered + lost)
            assert (tile["answered"], tile["unanswered"]) == (answered, of["no_answer"])
            assert tile["answer_rate"] == pytest.approx(answered / (answered + lost))
            talks = [call["talk_s"] for call in calls if call["talk_s"]]
            assert tile["talk_s"] == sum(talks)
            assert tile["avg_talk_s"] == pytest.approx(sum(talks) / len(talks))
            if direction == "inbound":
                assert tile["abandoned"] == of["abandoned"]
                assert tile["abandonment_rate"] == pytest.approx(of["abandoned"] / len(calls))
            else:
                assert tile["abandoned"] is None
    waits = [
        f["wait_s"] for f in facts
        if in_week(f) and f["account"] == "acme" and f["direction"] == "inbound"
        and f["disposition"] == "answered"
    ]  # fmt: skip
    acme, bogota = tiles["acme", "inbound"], tiles["bogota", "inbound"]
    assert acme["service_level_20s"] == pytest.approx(sum(w <= 20 for w in waits) / len(waits))
    assert acme["asa_s"] == pytest.approx(sum(waits) / len(waits))
    assert (bogota["service_level_20s"], bogota["asa_s"]) == (None, None)
    session, request = tiles["ivr", "inbound"], tiles["popup", "outbound"]
    assert (session["calls"], session["offered"], session["answered"]) == (3, None, None)
    assert (request["offered"], request["answered"], request["unanswered"]) == (3, 2, 1)


def test_missed_by_hour_and_queue(given: Warehouse, facts: list[dict[str, Any]]) -> None:
    expected = Counter(
        (label(f), f["started_local"].hour)
        for f in facts
        if in_week(f) and is_missed(f) and f["grain"] == "call"
    )
    rows = ask(given, "missed_by_hour", week(given))
    assert {
        (r["queue"], r["hour"]): r["missed_calls"] for r in rows if r["missed_calls"]
    } == expected
    only = ask(given, "missed_by_hour", week(given, "bogota"))
    assert only == [row for row in rows if row["queue"].startswith("bogota")]


def waiting(facts: list[dict[str, Any]]) -> tuple[dict[tuple[str, str], Any], list[dict[str, Any]]]:
    """Callers by account and key: their last missed call of the week, and what followed it."""
    last: dict[tuple[str, str], Any] = {}
    for call in facts:
        if in_week(call) and is_missed(call) and call["caller_key"]:
            last[call["account"], call["caller_key"]] = call
    without = [f for f in facts if in_week(f) and is_missed(f) and not f["caller_key"]]
    return last, without


def test_callers_whom_nobody_has_reached(given: Warehouse, facts: list[dict[str, Any]]) -> None:
    last, without = waiting(facts)
    expected: Counter[tuple[str, bool]] = Counter()
    never = []
    for (_, key), missed in last.items():
        later = [
            f for f in facts if f["caller_key"] == key and f["started_at"] > missed["started_at"]
        ]
        if any(f["disposition"] == "answered" for f in later):
            continue
        tried = any(f["direction"] == "outbound" and f["disposition"] != "blocked" for f in later)
        expected[label(missed), tried] += 1
        if not tried:
            never.append((missed["account"], key, missed["from_e164"]))
    assert never
    found: Counter[tuple[str, bool]] = Counter()
    calls = {}
    for row in ask(given, "never_called_back", week(given)):
        if row["waiting"] == "no number to call":
            calls[row["queue"]] = row["callers"]
        else:
            found[row["queue"], row["waiting"] == "called back in vain"] += row["callers"]
    assert found == expected
    assert calls == {
        f"{a} · all queues": n for a, n in Counter(f["account"] for f in without).items()
    }
    keys = ask(given, "callers_to_call", week(given))
    assert {(r["account"], r["caller"]) for r in keys} == {(a, key) for a, key, _ in never}
    numbers = ask(given, "callers_to_call", week(given, pii=True))
    assert {(r["account"], r["caller"]) for r in numbers} == {(a, number) for a, _, number in never}


def test_the_trend_has_the_week_before(given: Warehouse, facts: list[dict[str, Any]]) -> None:
    by_day = Counter((f["account"], f["call_date"]) for f in facts if f["grain"] == "call")
    rows = ask(given, "trend", select(given, (LAST, LAST), list(ACCOUNTS)))
    assert len(rows) == 2 * 7, "of one day, the week that ends with it"
    for row in rows:
        account = row["what"].removesuffix(" · calls")
        is_read = (account, row["day"]) != ("bogota", UNREAD)
        assert row["calls"] == (by_day[account, row["day"]] if is_read else None)
        assert row["week_before"] == by_day[account, row["day"] - timedelta(days=7)]
        expected = "provisional" if row["day"] == LAST else "trusted"
        assert row["trust"] == (expected if is_read else "not_read")


def test_callbacks_ivr_and_hours(given: Warehouse, facts: list[dict[str, Any]]) -> None:
    bars = {
        (r["attempt"], r["result"]): r["requests"] for r in ask(given, "callbacks", week(given))
    }
    assert bars == {
        (1, "connected"): 1, (1, "tried again"): 2, (2, "connected"): 1, (2, "tried again"): 1,
        (3, "given up"): 1,
    }  # fmt: skip
    steps = {(r["step"], r["result"]): r["sessions"] for r in ask(given, "ivr_steps", week(given))}
    assert steps == {
        ("1. start", "went on"): 3, ("2. menu", "went on"): 2, ("2. menu", "hung up"): 1,
        ("3. hangup", "ended by the flow"): 1, ("3. transfer", "handed on"): 1,
    }  # fmt: skip
    counted = Counter(
        (f["direction"], f["started_local"].hour)
        for f in facts
        if in_week(f) and f["grain"] == "call"
    )
    found: Counter[tuple[str, int]] = Counter()
    kinds: dict[str, int] = defaultdict(int)
    for row in ask(given, "by_hour", week(given)):
        kinds[row["what"]] += row["calls"]
        if row["what"].startswith("Calls, "):
            found[row["what"].removeprefix("Calls, "), row["hour"]] += row["calls"]
    assert found == counted
    assert (kinds["IVR sessions"], kinds["Callback requests"]) == (3, 4)


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
    assert "of 28 account days 23 are trusted, 1 not read, 4 may still change." in html
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
    assert "acme" in served.text
    assert client.get("/assets").text == "the UI"
    monkeypatch.setenv("CALLHOUSE_REPORT_URL", "s3://AK:a-secret@bucket")
    refused = client.get(PATH)
    assert (refused.status_code, "a-secret" in refused.text) == (503, False)
    assert "CALLHOUSE_REPORT_URL: expected s3://bucket/prefix" in refused.text


def test_every_mart_that_it_reads_is_there() -> None:
    assert marts_read() <= marts().keys()
    assert {"trust_by_day", "calls_by_day", "missed_callers"} <= marts_read()


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
