"""`callhouse demo`: the whole of it once, over invented calls, in a home and warehouse of its own.

Real accounts and a real warehouse aren't touched.
"""

import os
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from shlex import quote

import psycopg
from psycopg import sql as compose

import sql
from pipelines.commands import console
from pipelines.commands.accounts import known_accounts
from pipelines.commands.progress import ProgressBar
from pipelines.commands.query import run_query
from pipelines.commands.sync import run_pass
from pipelines.commands.sync_plan import PassRequest
from pipelines.commands.sync_report import Report, report
from pipelines.local import watchdog
from pipelines.local.standin import start_standin
from pipelines.local.up import only_one, signals_interrupt
from resources.account import Account
from resources.configuration.home import Home
from resources.embedded.local_postgres import LocalPostgres
from resources.embedded.server_roles import DATABASE
from resources.errors import CallhouseError
from resources.postgres.database import DAGSTER_URL, URL
from resources.postgres.warehouse import Warehouse
from resources.windows import business_day
from sql import facts

NOTICE = (
    "This is a demo: stand-in vendors on this machine play the real ones, and every name, number "
    "and call that they tell of is invented."
)
HISTORY = timedelta(days=2)
"""Short enough for a demo of two minutes: details are a request each."""


def run() -> None:
    """Starts everything, loads, shows, loads again, and ends everything.

    Raises CallhouseError when something isn't as it should be.
    """
    home = Home(Home.from_environment().root / "demo")
    home.logs.mkdir(parents=True, exist_ok=True)
    _stay_inside(home)
    console.say(NOTICE, "bold yellow")
    try:
        with signals_interrupt(), only_one(home), watchdog.process_group(home) as leader:
            url = _fresh_database(home)
            start_standin(home, leader.pid, datetime.now(UTC).date() - HISTORY)
            _show(home, url)
    except KeyboardInterrupt:
        console.say("The demo has stopped.")


def _stay_inside(home: Home) -> None:
    """Whatever the environment says of real accounts and databases isn't for the demo."""
    for name in (URL, DAGSTER_URL, "DAGSTER_HOME"):
        os.environ.pop(name, None)
    os.environ["CALLHOUSE_HOME"] = str(home.root)
    os.environ["CALLHOUSE_ACCOUNTS"] = str(home.demo_accounts)


def _fresh_database(home: Home) -> str:
    """Each demo begins with an empty warehouse: it always tells the same story."""
    server = LocalPostgres(home)
    server.start()
    with closing(psycopg.connect(server.url("postgres"), autocommit=True)) as connection:
        drop = compose.SQL("DROP DATABASE {} WITH (FORCE)")
        connection.execute(drop.format(compose.Identifier(DATABASE)))
    return server.start()


def _show(home: Home, url: str) -> None:
    accounts = known_accounts(home)
    console.say(
        "\nFirst pass: yesterday of what may be asked for once in five minutes, then "
        "whatever is due.",
        "bold",
    )
    passes = [_pass(url, request) for request in _yesterdays(accounts)]
    passes.append(_pass(url, PassRequest()))
    _sum_up(passes)
    for title, query in (
        ("What landed", _landed()),
        ("How complete the business days are", sql.read("demo/days")),
    ):
        console.say(f"\n{title}", "bold")
        run_query(url, query, "table")
    console.say("\nA first question to it", "bold")
    console.say(sql.read("demo/sample").rstrip())
    run_query(url, sql.read("demo/sample"), "table")
    console.say("\nSecond pass: the oldest day once more, in full", "bold")
    _sum_up([_pass(url, request) for request in _again(accounts)])
    console.say(f"\n{NOTICE}", "bold yellow")
    console.say(f"Ask it more:  CALLHOUSE_HOME={quote(str(home.root))} {quote(sys.argv[0])} sql")


def _landed() -> str:
    """A query for the rows by table and stream."""
    tables = [sql.read("demo/landed", table) for table in facts.TABLES.values()]
    rows = "\nUNION ALL\n".join([sql.read("demo/landed_raw"), *tables])
    return f'{rows}\nORDER BY account, stream, "table" DESC'


def _yesterdays(accounts: dict[str, Account]) -> list[PassRequest]:
    """Of a report that may be asked rarely, today's answer is empty in the morning."""
    now = datetime.now(UTC)
    return [
        PassRequest((account.name,), ("agent_usage",), day, day)
        for account in accounts.values()
        if "agent_usage" in account.streams
        for day in [business_day(now, account.timezone) - timedelta(days=1)]
    ]


def _again(accounts: dict[str, Account]) -> list[PassRequest]:
    """The oldest day of all that may be asked again at once; details are asked for only once."""
    names = tuple(a.name for a in accounts.values() if not a.limits.min_interval_s)
    first = min(accounts[name].start_date for name in names)
    return [PassRequest(names, ("calls", "dialogs", "recordings"), first, first)]


def _pass(url: str, request: PassRequest) -> Report:
    with ProgressBar(url) as bar:
        done = run_pass(request, url, bar)
    with closing(Warehouse(url, pool_size=1)) as warehouse:
        return report(warehouse, done)


def _sum_up(passes: list[Report]) -> None:
    """In figures; raises CallhouseError with what failed."""
    for one in passes:
        for line in one.lines:
            if line.state == "deferred":
                console.say(f"{line.account} {line.stream} {line.day}: {line.why}", "dim")
    lines = [line for one in passes for line in one.lines]
    console.say(
        f"{sum(line.requests for line in lines):,} requests brought "
        f"{sum(line.records for line in lines):,} records: "
        f"{sum(line.new for line in lines):,} new, "
        f"{sum(line.changed for line in lines):,} changed, "
        f"{sum(line.rejected for line in lines):,} rejected."
    )
    if not all(one.is_well for one in passes):
        for one in passes:
            one.print()
        raise CallhouseError("Something failed; the lines above say what.")
