"""The command `callhouse`. Only what it takes and where that goes: the work is elsewhere.

Dagster and pandas are imported by the commands that need them, so that help comes at once.
"""

import logging
import os
import warnings
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from pipelines.commands import console
from pipelines.workers.queues import Queue
from resources.configuration.home import BROKER, PRIVATE
from resources.memory import collect_less

app = typer.Typer(
    name="callhouse",
    help="A warehouse of call facts for contact centres on several telephony vendors.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
analyst = typer.Typer(help="Logins for analysts, who read marts and facts.", no_args_is_help=True)
app.add_typer(analyst, name="analyst")
Accounts = Annotated[
    list[str] | None, typer.Argument(help="Accounts of accounts.toml; default: all.")
]
Streams = Annotated[
    list[str] | None, typer.Option("--stream", help="Only this stream; may be repeated.")
]
DAY = ["%Y-%m-%d"]
First = Annotated[datetime | None, typer.Option("--from", formats=DAY, help="First business day.")]
Last = Annotated[
    datetime | None, typer.Option("--to", formats=DAY, help="The last; default: the first.")
]
Broker = Annotated[
    str | None,
    typer.Option(help="redis://…: runs go to workers. Default: CALLHOUSE_BROKER_URL, if set."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON on the standard output, for scripts.")]
NUMBER = typer.Option(help="A person's number, however written.")
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Dagster's log, too.")]


class Format(StrEnum):
    """How a query's rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(f"callhouse {version('callhouse')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and stop."
        ),
    ] = False,
) -> None:
    """Whatever a command writes is its user's alone. It imports much, and soon ends."""
    os.umask(PRIVATE)
    collect_less()


@app.command()
def up(
    port: Annotated[
        int, typer.Option(min=1, max=65_535, help="Where the UI listens, on this machine only.")
    ] = 3000,
    broker: Broker = None,
) -> None:
    """Run it all: Postgres, schedules and Dagster's UI, until Ctrl-C."""
    from pipelines.local.up import run

    _use_broker(broker)
    with console.sentences(wrong=console.FAILED):
        run(port)


@app.command()
def worker(
    queues: Annotated[
        list[Queue] | None,
        typer.Option("--queue", help="Take runs from this queue only; may be repeated."),
    ] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, help="How many runs of each queue at once.")
    ] = 2,
    broker: Broker = None,
) -> None:
    """Take runs from a broker and execute them on this host, until SIGTERM or Ctrl-C."""
    from pipelines.workers.worker import run

    _use_broker(broker)
    with console.sentences():
        run(list(dict.fromkeys(queues or Queue)), concurrency)


@app.command(
    "rebuild",
    help="Make facts anew from raw.records, asking no vendor: of these business days, or of all.",
)
@app.command("sync", help="Load once: whatever is due or, with days, these business days in full.")
def sync_or_rebuild(
    context: typer.Context,
    accounts: Accounts = None,
    streams: Streams = None,
    first: First = None,
    last: Last = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Two commands: what is asked of vendors, and what is made of raw."""
    begin, end = _days(first, last)
    _quieten(verbose)
    with console.sentences():
        from pipelines.commands.database import database
        from pipelines.commands.progress import ProgressBar
        from pipelines.commands.sync import SILENT, run_pass
        from pipelines.commands.sync_plan import PassRequest
        from pipelines.commands.sync_report import report
        from resources.postgres.warehouse import Warehouse

        rebuild = context.info_name == "rebuild"
        request = PassRequest(tuple(accounts or ()), tuple(streams or ()), begin, end, rebuild)
        with database() as url:
            with ProgressBar(url) as bar:
                done = run_pass(request, url, bar, "INFO" if verbose else SILENT)
            with closing(Warehouse(url, pool_size=1)) as warehouse:
                summary = report(warehouse, done)
        if as_json:
            console.print_json(summary.as_json())
        else:
            summary.print()
    if not summary.is_well:
        raise typer.Exit(console.FAILED)


@app.command()
def refresh_marts(first: First = None, last: Last = None, verbose: Verbose = False) -> None:
    """Compute the marts anew: of these business days or, without any, where facts have changed."""
    begin, end = _days(first, last)
    _quieten(verbose)
    with console.sentences():
        from pipelines.commands.database import database
        from pipelines.commands.sync import SILENT
        from pipelines.commands.sync import refresh_marts as refresh

        span = (begin, end) if begin and end else None
        with database() as url:
            done = refresh(url, span, "INFO" if verbose else SILENT)
        failed = [run.error for run in done if run.error]
        for error in failed:
            console.complain(error)
        if not failed:
            how = "are up to date" if done else "were up to date already"
            console.say(f"The marts {how}.")
    if failed:
        raise typer.Exit(console.FAILED)


@app.command("map")
def map_(
    vendor: Annotated[str, typer.Argument(help="A vendor, such as evolux.")],
    stream: Annotated[str, typer.Argument(help="One of its streams, such as calls.")],
    file: Annotated[Path, typer.Argument(help="An answer of the vendor's, as it came.")],
) -> None:
    """Print the facts that a stream makes of a recorded answer. For developers of mappings."""
    with console.sentences():
        from pipelines.commands.mapping import map_answer

        console.print_json(map_answer(vendor, stream, file))


@app.command()
def status(as_json: Json = False) -> None:
    """Show how fresh and how complete everything is, and why not."""
    with console.sentences():
        from pipelines.commands.accounts import known_settings
        from pipelines.commands.database import database
        from pipelines.commands.status import read_status
        from resources.configuration.home import Home
        from resources.postgres.schema_version import require_head
        from resources.postgres.warehouse import Warehouse

        settings = known_settings(Home.from_environment())
        with database() as url:
            require_head(url)
            with closing(Warehouse(url, pool_size=1)) as warehouse:
                found = read_status(warehouse, settings.accounts)
        found = replace(found, settings=settings.sentences())
        if as_json:
            console.print_json(found.as_json())
        else:
            found.print()


@app.command()
def check(as_json: Json = False) -> None:
    """Try configuration, database and one small request an account; name all that is wrong."""
    with console.sentences(wrong=console.FAILED):
        from pipelines.commands.check import check as try_everything
        from resources.configuration.home import Home

        summary = try_everything(Home.from_environment())
        if as_json:
            console.print_json(summary.as_json())
        else:
            summary.print()
    if not summary.is_well:
        raise typer.Exit(console.FAILED)


@app.command()
def accept(
    account: Annotated[str, typer.Argument(help="An account of accounts.toml.")],
    stream: Annotated[str, typer.Argument(help="One of its streams.")],
    day: Annotated[datetime, typer.Argument(formats=DAY, help="The business day.")],
) -> None:
    """Say that a day is right of which the vendor shows much less than is known."""
    with console.sentences():
        from pipelines.commands.accept import accept as accept_day
        from pipelines.commands.accounts import known_accounts
        from pipelines.commands.database import database
        from resources.configuration.home import Home
        from resources.postgres.schema_version import require_head
        from resources.postgres.warehouse import Warehouse

        accounts = known_accounts(Home.from_environment())
        with database() as url:
            require_head(url)
            with closing(Warehouse(url, pool_size=1)) as warehouse:
                console.say(accept_day(warehouse, accounts, account, stream, day.date()))


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A folder that isn't there yet.")],
    without_history: Annotated[
        bool, typer.Option("--without-history", help="Leave Dagster's runs and events out.")
    ] = False,
    without_facts: Annotated[
        bool, typer.Option("--without-facts", help="Leave out what can be rebuilt from raw.")
    ] = False,
) -> None:
    """Dump the warehouse into a folder, while all goes on."""
    with console.sentences():
        from pipelines.commands.backup import backup as dump
        from pipelines.commands.database import database
        from resources.embedded.dump import DumpRequest

        with database() as url:
            dump(url, folder, DumpRequest(facts=not without_facts, history=not without_history))


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="The folder of a backup.")],
) -> None:
    """Fill an empty database from a backup, and compare the two."""
    with console.sentences():
        from pipelines.commands.backup import restore as fill
        from pipelines.commands.database import database

        with database() as url:
            fill(url, folder)


@app.command()
def forget(
    number: Annotated[str | None, NUMBER] = None,
    key: Annotated[str | None, typer.Option(help="A record's key at its vendor.")] = None,
    account: Annotated[
        str | None, typer.Option(help="Whose record it is; alone: all of it.")
    ] = None,
    stream: Annotated[str | None, typer.Option(help="The record's stream.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count where they are.")] = False,
    keep_calls: Annotated[
        bool, typer.Option("--keep-calls", help="Keep the calls, without the person.")
    ] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="Erase once more what a restored dump brought back."),
    ] = False,
) -> None:
    """Erase a person, a record or an account everywhere, for good."""
    with console.sentences():
        from pipelines.commands.database import database
        from pipelines.commands.forget import ForgetRequest, run

        request = ForgetRequest(number, key, account, stream, dry_run, keep_calls, again)
        request.require_sense()
        with database() as url:
            run(request, url)


@app.command()
def export_person(
    number: Annotated[str, NUMBER],
) -> None:
    """Print all that is known of a number, as JSON."""
    with console.sentences():
        from pipelines.commands.database import database
        from pipelines.commands.forget import export

        with database() as url:
            export(number, url)


@app.command()
def migrate(
    agent_names: Annotated[
        bool | None,
        typer.Option(
            "--show-agent-names/--hide-agent-names",
            help="To analysts without personal data. Default: as it was; at first: shown.",
        ),
    ] = None,
) -> None:
    """Bring the warehouse's tables up to date. Safe to repeat."""
    with console.sentences():
        from pipelines.commands.database import database
        from resources.postgres import migration
        from resources.postgres.schema_version import version

        with database() as url:
            left = migration.migrate(url, agent_names=agent_names)
            console.say(f"The warehouse's schema is at version {version(url)}.")
        if left:
            console.say("This user may not do the following; an administrator has to run it:")
            for statement in left:
                console.say(f"  {statement};")


class _QueryCommand(TyperCommand):
    """Takes a query that begins with a comment: no option has several lines."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        is_query = [arg.startswith("--") and "\n" in arg for arg in args]
        return super().parse_args(ctx, [" " * q + a for q, a in zip(is_query, args, strict=True)])


@app.command(cls=_QueryCommand)
def sql(
    query: Annotated[str | None, typer.Argument(help="One query; default: open psql.")] = None,
    form: Annotated[Format, typer.Option("--format", help="Of the rows.")] = Format.TABLE,
    write: Annotated[
        bool, typer.Option("--write", help="As the warehouse's owner, who may write.")
    ] = False,
) -> None:
    """Ask the warehouse: in psql, or by one query. Reads only, unless told otherwise."""
    with console.sentences():
        from pipelines.commands.database import database
        from pipelines.commands.query import open_psql, reading, run_query

        with database() as owned:
            url = owned if write else reading(owned)
            if query is None:
                raise typer.Exit(open_psql(url, write))
            run_query(url, query, form, write)


@app.command()
def report(
    day: Annotated[datetime | None, typer.Option(formats=DAY, help="One business day.")] = None,
    first: First = None,
    last: Last = None,
    accounts: Annotated[
        list[str] | None, typer.Option("--account", help="Only this one; may be repeated.")
    ] = None,
    pii: Annotated[bool, typer.Option("--pii", help="With telephone numbers in full.")] = False,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file.")] = Path(
        "callhouse-report.html"
    ),
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Make one HTML page of the marts: the last seven days, or those that are asked for."""
    if day and (first or last):
        raise typer.BadParameter("--day can't be combined with --from and --to")
    begin, end = _days(day or first, day or last)
    with console.sentences():
        from pipelines.commands.database import database
        from pipelines.commands.report import ReportRequest
        from pipelines.commands.report import report as make

        days = (begin, end) if begin and end else None
        request = ReportRequest(days, tuple(accounts or ()), pii, output, show)
        with database() as url:
            is_whole = make(url, request)
    if not is_whole:
        raise typer.Exit(console.FAILED)


AnalystName = Annotated[str, typer.Argument(help="The login's name.")]


@analyst.command("add")
def add_analyst(
    name: AnalystName,
    pii: Annotated[bool, typer.Option("--pii", help="Reads personal data, too.")] = False,
) -> None:
    """Make a login, and print its connection string: once, as nobody knows the password later."""
    with console.sentences():
        from pipelines.commands.analyst import add
        from pipelines.commands.database import database
        from resources.postgres.database import URL

        with database() as url:
            works = add(url, name, pii, is_embedded=not os.environ.get(URL))
    if not works:
        raise typer.Exit(console.FAILED)


@analyst.command("remove")
def remove_analyst(name: AnalystName) -> None:
    """Remove a login, and end its connections."""
    with console.sentences():
        from pipelines.commands.analyst import remove
        from pipelines.commands.database import database

        with database() as url:
            remove(url, name)


@analyst.command("list")
def list_analysts(as_json: Json = False) -> None:
    """Show the logins of analysts, and their limits."""
    with console.sentences():
        from pipelines.commands.analyst import print_all
        from pipelines.commands.database import database

        with database() as url:
            print_all(url, as_json)


@app.command()
def demo() -> None:
    """Load invented calls from stand-in vendors, show what landed, and stop."""
    _quieten(verbose=False)
    with console.sentences():
        from pipelines.commands.demo import run

        run()


def _use_broker(url: str | None) -> None:
    """For this process and those that it starts."""
    if url:
        os.environ[BROKER] = url


def _days(first: datetime | None, last: datetime | None) -> tuple[date | None, date | None]:
    """The first and last day; a single one is both."""
    if last and not first:
        raise typer.BadParameter("--to needs --from")
    last = last or first
    return (first.date(), last.date()) if first and last else (None, None)


def _quieten(verbose: bool) -> None:
    """Hides what Dagster and others log: a user who waits for a table has no use for it."""
    if not verbose:
        warnings.simplefilter("ignore")
        logging.getLogger("alembic").setLevel(logging.WARNING)
