"""Alerts: what is told, to whom, how often; and what never is."""

import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.utils import make_new_run_id

from assets.resource import CallhouseResource
from pipelines.alerts import Sent, alerts, stream_problems
from pipelines.commands.status import read_status
from resources.configuration.webhook import WEBHOOK
from resources.http.webhook import WebhookError, post
from resources.postgres.warehouse import Warehouse
from tests.db.facts import put, put_account
from tests.unit import helpers

TOKEN = "s3cr3t-t0ken"


class Chat:
    """A chat's incoming webhook: what it was sent, and what it answers."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.status = 200
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if chat.status == 200:
                    chat.texts.append(json.loads(body)["text"])
                self.send_response(chat.status)
                self.send_header("location", "http://127.0.0.1:9/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing on the terminal."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_port}/services/T0/s3cr3t-path"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    with Chat() as chat:
        monkeypatch.setenv(WEBHOOK, chat.url)
        yield chat


@pytest.fixture(scope="module")
def _instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


@pytest.fixture
def instance(_instance: dg.DagsterInstance) -> dg.DagsterInstance:
    _instance.wipe()
    return _instance


@pytest.fixture(autouse=True)
def _accounts(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file, token = tmp_path / "accounts.toml", tmp_path / "token"
    token.write_text(TOKEN, encoding="utf-8")
    names = ["acme", *(f"many-{n:02}" for n in range(10))]
    start = datetime.now(UTC).date()
    file.write_text(
        "\n".join(
            f"[accounts.{name}]\nvendor = 'conpeek'\nbase_url = 'https://x.example'\n"
            f"start_date = {start}\ncredentials.token = {{ file = '{token}' }}"
            for name in names
        ),
        encoding="utf-8",
    )
    monkeypatch.setenv("CALLHOUSE_ACCOUNTS", str(file))
    monkeypatch.setenv("CALLHOUSE_DATABASE_URL", database_url)


class Tick:
    """The sensor, tick after tick, as the daemon keeps its cursor."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance
        self._cursor: str | None = None

    def __call__(self) -> str:
        context = dg.build_sensor_context(
            self._instance, cursor=self._cursor, resources={"callhouse": CallhouseResource()}
        )
        told = alerts.evaluate_tick(context)
        self._cursor = told.cursor or self._cursor
        return told.skip_message or ""

    def wait(self, hours: int) -> None:
        """As if the last message had been sent so long before."""
        sent = Sent.read(self._cursor)
        self._cursor = Sent(sent.keys, sent.at - timedelta(hours=hours)).write()


@pytest.fixture
def tick(instance: dg.DagsterInstance) -> Tick:
    return Tick(instance)


def stream(warehouse: Warehouse, account: str, **columns: Any) -> None:
    """How the account's stream stands; good, but for what is said."""
    values = {
        "vendor": "conpeek",
        "stream": "dialogs",
        "account": account,
        "last_success_at": datetime.now(UTC),
        "last_polled_at": datetime.now(UTC),
    } | columns
    with warehouse.transaction() as connection:
        connection.execute(sa.text("DELETE FROM ops.streams WHERE account = :a"), {"a": account})
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        connection.execute(sa.text(f"INSERT INTO ops.streams ({names}) VALUES ({marks})"), values)


def test_off_without_an_address(tick: Tick) -> None:
    assert tick() == f"{WEBHOOK} isn't set: nobody to tell"


def test_a_problem_is_told_once_and_then_that_it_is_over(
    tick: Tick, chat: Chat, warehouse: Warehouse
) -> None:
    assert tick() == "nothing has changed; 0 problem(s) open"
    refused = "acme: the vendor refuses the credentials (HTTP 401)"
    stream(warehouse, "acme", stopped_at=datetime.now(UTC), stopped_key="k", last_error=refused)
    tick()
    line = "• conpeek dialogs: polls have stopped: the credentials are refused (acme)"
    assert chat.texts == [f"*Callhouse*: 1 new\n*New*\n{line}: {refused}"]
    assert tick() == "nothing has changed; 1 problem(s) open"
    stream(warehouse, "acme")
    tick()
    assert chat.texts[1:] == [f"*Callhouse*: 1 over\n*Over*\n{line}"]
    tick()
    assert len(chat.texts) == 2


def test_accounts_with_the_same_problem_share_a_line(
    tick: Tick, chat: Chat, warehouse: Warehouse
) -> None:
    for n in range(10):
        stream(warehouse, f"many-{n:02}", failures=3, last_error="the answer isn't JSON (HTML)")
    tick()
    (text,) = chat.texts
    assert text.count("\n") == 2
    assert "10 new" in text
    assert "many-00, many-01" in text
    assert "and 2 more" in text
    stream(warehouse, "acme", last_success_at=datetime.now(UTC) - timedelta(hours=1))
    tick()
    assert chat.texts[1].startswith("*Callhouse*: 1 new, 10 still open\n*New*\n• conpeek dialogs: "
                                    "nothing read for three polls (acme): last read 2")  # fmt: skip


def test_a_message_that_does_not_arrive_is_sent_again(
    tick: Tick, chat: Chat, warehouse: Warehouse
) -> None:
    stream(warehouse, "acme", failures=3, last_error="no")
    chat.status = 500
    with pytest.raises(WebhookError, match="HTTP 500") as raised:
        tick()
    assert "s3cr3t" not in str(raised.value)
    chat.status = 200
    tick()
    assert len(chat.texts) == 1


def test_no_secret_is_told(tick: Tick, chat: Chat, warehouse: Warehouse) -> None:
    stream(warehouse, "acme", failures=3, last_error=f"bad {TOKEN}, see {chat.url}")
    tick()
    assert "s3cr3t" not in chat.texts[0]
    assert "bad ***, see ***" in chat.texts[0]


def test_what_a_vendor_says_calls_nobody_and_tells_no_number(
    tick: Tick, chat: Chat, warehouse: Warehouse
) -> None:
    said = "the vendor says: “<!channel> @here ![](https://evil.example/x) +57 300 1234567”"
    stream(warehouse, "acme", failures=3, last_error=said)
    tick()
    (text,) = chat.texts
    assert "the vendor says" in text
    assert "300" not in text
    assert not re.search("<|>|://|]\\(|(?<!\u2060)@", text)


def test_a_wrong_account_is_told_and_keeps_nothing_from_being_told(
    tick: Tick, chat: Chat, warehouse: Warehouse, tmp_path: Path
) -> None:
    file = tmp_path / "accounts.toml"
    good = file.read_text(encoding="utf-8")
    tick()
    stream(warehouse, "acme", failures=3, last_error="no")
    file.write_text(good + "\n[accounts.new]\nvendor = 'nobody'", encoding="utf-8")
    tick()
    (text,) = chat.texts
    assert "• accounts.toml: the settings are wrong (new): accounts.new" in text
    assert "left out until that is right" in text
    assert "• conpeek dialogs: three polls in a row have failed (acme): no" in text
    file.write_text("[half an edit", encoding="utf-8")
    tick()
    assert "• accounts.toml: the settings are wrong (the file)" in chat.texts[1]
    assert "*Over*" in chat.texts[1], "the other account's is over, as far as one can see"
    assert "*Still open*\n• conpeek dialogs" in chat.texts[1]
    file.write_text(good, encoding="utf-8")
    tick()
    assert "*Over*\n• accounts.toml: the settings are wrong (the file)" in chat.texts[2]


def run(
    instance: dg.DagsterInstance,
    status: dg.DagsterRunStatus,
    job: str = "conpeek_poll",
    tags: dict[str, str] | None = None,
) -> str:
    """A run that has ended so; its id."""
    ended = dg.DagsterRun(job, make_new_run_id(), status=status, tags=tags)
    return instance.add_run(ended).run_id


def test_a_failed_run_is_told_until_the_next_one_of_its_job_is_good(
    tick: Tick, chat: Chat, instance: dg.DagsterInstance, warehouse: Warehouse
) -> None:
    line = "• conpeek_poll: the last run failed"
    for _ in range(3):
        run(instance, dg.DagsterRunStatus.FAILURE)
        run(instance, dg.DagsterRunStatus.SUCCESS, "vono_poll")
        tick()
    assert chat.texts == [f"*Callhouse*: 1 new\n*New*\n{line}"], "minute after minute the same"
    run(instance, dg.DagsterRunStatus.SUCCESS)
    tick()
    assert chat.texts[1:] == [f"*Callhouse*: 1 over\n*Over*\n{line}"]


def test_runs_by_hand_are_told_once_for_nothing_comes_after_them(
    tick: Tick, chat: Chat, instance: dg.DagsterInstance, warehouse: Warehouse
) -> None:
    """Of a backfill as one, however many of its runs fail."""
    failed, tags = dg.DagsterRunStatus.FAILURE, {"dagster/backfill": "abcd"}
    runs = [run(instance, failed, "__ASSET_JOB", tags) for _ in range(2)]
    tick()
    assert chat.texts == ["*Callhouse*: 1 new\n*New*\n• backfill abcd: the run failed"]
    runs.append(run(instance, failed, "__ASSET_JOB"))
    tick()
    assert chat.texts[1:] == [f"*Callhouse*: 1 new\n*New*\n• run {runs[-1][:8]}: the run failed"]
    tick.wait(hours=25)
    tick()
    for run_id in runs:
        instance.delete_run(run_id)
    tick()
    assert len(chat.texts) == 2, "nobody knows whether it is over"


def test_what_is_still_open_after_a_day_is_told_again(
    tick: Tick, chat: Chat, warehouse: Warehouse
) -> None:
    stream(warehouse, "acme", failures=3, last_error="no")
    tick()
    tick.wait(hours=23)
    tick()
    assert len(chat.texts) == 1
    tick.wait(hours=2)
    tick()
    line = "• conpeek dialogs: three polls in a row have failed (acme): no"
    assert chat.texts[1:] == [f"*Callhouse*: 1 still open\n*Still open*\n{line}"]
    tick()
    assert len(chat.texts) == 2


DAY = date(2026, 3, 10)
MORNING = datetime(2026, 3, 11, 6, tzinfo=UTC)
OLD = timedelta(days=3)


@pytest.mark.parametrize(
    ("at", "state", "known_for", "is_told"),
    [
        (MORNING - timedelta(hours=2), "open", OLD, False),
        (MORNING, None, OLD, True),
        (MORNING, None, timedelta(minutes=30), False),
        (MORNING, "open", OLD, True),
        (MORNING, "failed", OLD, True),
        (MORNING, "settling", OLD, False),
        (MORNING, "complete", OLD, False),
    ],
)
def test_yesterday_is_judged_at_six_in_the_accounts_own_morning(
    at: datetime, state: str | None, known_for: timedelta, is_told: bool, warehouse: Warehouse
) -> None:
    account = helpers.account("conpeek", start_date=DAY)
    stream(warehouse, account.name, last_success_at=at)
    with warehouse.transaction() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO ops.requests (account, stream, report, backfill, requested_at,"
                " duration_s) VALUES (:account, 'dialogs', 'cdr_dialog', false, :at, 1)"
            ),
            {"account": account.name, "at": at - known_for},
        )
    if state:
        with warehouse.transaction() as connection:
            connection.execute(
                sa.text(
                    "INSERT INTO ops.days (account, stream, call_date, state)"
                    "VALUES (:account, 'dialogs', :day, :state)"
                ),
                {"account": account.name, "day": DAY, "state": state},
            )
    kinds = [problem.kind for problem in stream_problems(warehouse, [account], at)]
    assert kinds == (["incomplete"] if is_told else [])


def put_day(warehouse: Warehouse, account: str, day: date, state: str, note: str = "") -> None:
    with warehouse.transaction() as connection:
        put(connection, "ops.days", account=account, stream="dialogs", call_date=day, state=state,
            note=note or None)  # fmt: skip


@pytest.mark.parametrize("state", ["failed", "open"])
def test_a_day_that_stays_incomplete_is_not_over_at_midnight(
    state: str, warehouse: Warehouse
) -> None:
    """Not even when polls have begun to fail; and other days join it."""
    account = helpers.account("conpeek", start_date=DAY)
    with warehouse.transaction() as connection:
        put(connection, "ops.requests", account=account.name, stream="dialogs", backfill=False,
            report="cdr_dialog", requested_at=MORNING - OLD, duration_s=1)  # fmt: skip
    put_day(warehouse, account.name, DAY, state, "the answer isn't JSON")
    put_day(warehouse, account.name, DAY + timedelta(days=1), "complete")
    put_day(warehouse, account.name, DAY + timedelta(days=3), "complete")
    told = []
    for days, failures in enumerate((0, 0, 3, 0)):
        for hours in (0, 19):
            at = MORNING + timedelta(days=days, hours=hours)
            stream(warehouse, account.name, last_success_at=at, failures=failures)
            found = stream_problems(warehouse, [account], at)
            told += [(p.key, p.detail) for p in found if p.kind == "incomplete"]
    day, gap = "2026-03-10: the answer isn't JSON", "2026-03-12: not read (and 1 more days)"
    details = [*[day] * 4, *[gap] * 2, *[day] * 2]
    assert told == [(f"incomplete|conpeek dialogs|{account.name}", detail) for detail in details]


def test_a_day_whose_details_nobody_has_read_is_incomplete(warehouse: Warehouse) -> None:
    account = helpers.account("evolux", start_date=DAY, timezone=ZoneInfo("UTC"))
    with warehouse.transaction() as c:
        put(c, "ops.requests", account=account.name, stream="calls", backfill=False, report="calls",
            requested_at=MORNING - OLD, duration_s=1)  # fmt: skip
        for name in account.streams:
            put(c, "ops.streams", account=account.name, stream=name, vendor="evolux",
                last_success_at=MORNING)  # fmt: skip
        put(c, "ops.days", account=account.name, stream="calls", call_date=DAY, state="complete")
    (problem,) = stream_problems(warehouse, [account], MORNING)
    assert (problem.where, problem.detail) == ("evolux call_details", f"{DAY}: not read")


def test_the_days_of_before_an_account_was_added_are_told_only_if_they_failed(
    warehouse: Warehouse,
) -> None:
    """A first load takes its time, and limits put its days off."""
    account = helpers.account("conpeek", start_date=DAY - timedelta(days=30))
    stream(warehouse, account.name, last_success_at=MORNING)
    with warehouse.transaction() as connection:
        put(connection, "ops.requests", account=account.name, stream="dialogs", backfill=False,
            report="cdr_dialog", requested_at=MORNING - OLD / 8, duration_s=1)  # fmt: skip
    put_day(warehouse, account.name, DAY, "complete")
    put_day(warehouse, account.name, DAY - timedelta(days=9), "open", "asked again at noon")
    assert not list(stream_problems(warehouse, [account], MORNING))
    put_day(warehouse, account.name, DAY - timedelta(days=10), "failed", "HTTP 500")
    (problem,) = stream_problems(warehouse, [account], MORNING)
    assert (problem.kind, problem.detail) == ("incomplete", "2026-02-28: HTTP 500")


def test_a_zone_that_the_server_does_not_know_keeps_no_other_problem_from_being_told(
    warehouse: Warehouse,
) -> None:
    far = helpers.account("conpeek", name="far", timezone=helpers.a_zone("Mars/Olympus"))
    near = helpers.account("conpeek", name="near")
    for account in (far, near):
        stream(warehouse, account.name, failures=3, last_error="HTTP 500")
    with warehouse.transaction() as connection:  # its zone was another when it was asked
        put(connection, "ops.requests", account="far", stream="dialogs", backfill=False,
            report="cdr_dialog", requested_at=datetime.now(UTC) - OLD, duration_s=1)  # fmt: skip
    problems = stream_problems(warehouse, [far, near], datetime.now(UTC))
    assert [(p.kind, p.who) for p in problems] == [("failing", "far"), ("failing", "near")]


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({}, False),
        ({"made_for": ["UTC, CO, COP"]}, False),  # a mistake that was set back, and left nothing
        ({"made_for": ["UTC, DE, COP"]}, True),
        ({"made_for": ["UTC, CO, COP", "UTC, DE, COP"]}, True),
        ({"timezone": "Asia/Tokyo"}, True),
        ({"timezone": "Etc/UTC"}, False),
        ({"raw_records": 2, "facts": 1, "rejects": 1}, False),
        ({"raw_records": 2, "rejects": 1}, True),  # restored without facts
        ({"timezone": "Asia/Tokyo", "expired_at": MORNING}, False),
    ],
)
@pytest.mark.parametrize("has_raw", [True, False])
def test_days_that_wait_for_a_rebuild_are_told(
    warehouse: Warehouse, changes: dict[str, Any], is_told: bool, has_raw: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Alerts and `callhouse status` do, of streams that aren't loaded any more, too."""
    account = helpers.account("wolkvox", streams=("calls",))
    of = {"account": account.name, "stream": "unconnected_calls", "call_date": DAY}
    warehouse.make_days({DAY})
    with warehouse.transaction() as connection:
        put_account(connection, account=account.name, vendor="wolkvox", timezone="UTC",
                    country="CO", currency="COP")  # fmt: skip
        put(connection, "ops.days", **of, **{"state": "complete", "timezone": "UTC"} | changes)
        if has_raw:
            put(connection, "raw.records", **of, record_key="1", version=1, payload="{}",
                first_seen_at=MORNING, request_id=1)  # fmt: skip
    told = [
        (problem.kind, problem.where, problem.detail)
        for problem in stream_problems(warehouse, [account], MORNING)
    ]
    detail = f"from {DAY} to {DAY}: callhouse rebuild {account.name}"
    expected = ("rebuild", "wolkvox unconnected_calls", detail)
    assert told == ([expected] if is_told and has_raw else [])
    read_status(warehouse, {account.name: account}, MORNING).print()
    said = f"{account.name} unconnected_calls: 1 day from {DAY} to {DAY}: to be rebuilt"
    assert (said in " ".join("".join(capsys.readouterr()).split())) == (is_told and has_raw)


def test_rejects_are_told_by_reason_without_their_data(warehouse: Warehouse) -> None:
    account = helpers.account("conpeek")
    stream(warehouse, account.name)
    with warehouse.transaction() as connection:
        for key in ("a", "b"):
            connection.execute(
                sa.text(
                    "INSERT INTO ops.rejects (account, stream, call_date, record_key, digest,"
                    " field, reason, payload)"
                    "VALUES (:account, 'dialogs', :day, :key, gen_random_uuid(),"
                    " 'start_time', 'isn''t a time', '{\"from\": \"+573001234567\"}')"
                ),
                {"account": account.name, "day": DAY, "key": key},
            )
    noon = datetime(2026, 3, 11, 3, tzinfo=UTC)
    stream(warehouse, account.name, last_success_at=noon)
    (problem,) = stream_problems(warehouse, [account], noon)
    assert (problem.kind, problem.where) == ("rejects", "conpeek dialogs, start_time")
    assert problem.detail == "isn't a time"


def test_a_webhook_is_never_reached_in_clear_nor_elsewhere(chat: Chat) -> None:
    with pytest.raises(WebhookError, match="https"):
        post("http://chat.example/hook", "text")
    chat.status = 302
    with pytest.raises(WebhookError, match="302") as told:
        post(chat.url, "text")
    answer = told.value.__context__
    assert isinstance(answer, HTTPError)
    assert answer.closed, "its socket would stay open"


def test_a_webhook_of_this_machine_is_reached_without_a_proxy(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    post(chat.url, "text")
    assert chat.texts == ["text"]
