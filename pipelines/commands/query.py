"""`callhouse sql`: psql on the warehouse, or one query. Both only read, unless told otherwise.

On the embedded server they log in as a user who can't write. On another server the user is the
URL's, in a session that is asked not to write.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.json import set_json_loads
from psycopg.types.string import TextLoader

from pipelines.commands import console
from resources.configuration.home import Home
from resources.configuration.plain_environment import plain_environment
from resources.embedded.local_postgres import LocalPostgres
from resources.embedded.server import READER
from resources.embedded.server_user import ServerUser
from resources.errors import CallhouseError
from resources.postgres.database import URL, connect, libpq
from resources.text.foreign_text import for_terminal

IS_SUPERUSER = "SELECT FROM pg_roles WHERE rolname = current_user AND rolsuper"
OF_PYTHON = {
    "bool", "int2", "int4", "int8", "oid", "float4", "float8", "numeric", "json", "jsonb",
    "date", "time", "timestamp", "timestamptz",
}  # fmt: skip
"""Types that Python has, too. Of others it would make something else: a month would be 30 days."""


def reading(url: str) -> str:
    """The URL of the user who only reads, where there is one."""
    if os.environ.get(URL):
        return url
    return LocalPostgres(Home.from_environment()).url(user=READER)


def open_psql(url: str, write: bool) -> int:
    """Runs psql until its user leaves it; returns its exit code.

    The password goes through the environment, as everybody may read a process's arguments.
    """
    settings = conninfo_to_dict(libpq(url, "callhouse sql"))
    password = settings.pop("password", None)
    environment = {"PGTZ": "UTC", **plain_environment(Home.from_environment().accounts)}
    if not write:
        environment["PGOPTIONS"] = _only_reading(url)
    if password:
        environment["PGPASSWORD"] = str(password)
    command = [_psql(), make_conninfo("", **settings)]
    return subprocess.run(command, env=environment, check=False).returncode


def _only_reading(url: str) -> str:
    """What psql asks the server for. Raises CallhouseError when a pooler refuses it."""
    options = "-c default_transaction_read_only=on"
    try:
        psycopg.connect(libpq(url, "callhouse sql"), options=options).close()
    except psycopg.OperationalError as error:
        if "startup parameter" not in str(error):
            raise
        raise CallhouseError(
            "A pooler stands before the database, where psql can't be kept from writing: put the "
            f"server's own address into {URL}, or run `callhouse sql --write`."
        ) from None
    return options


def run_query(url: str, query: str, form: str, write: bool = False) -> None:
    """Prints what the query returns as a table, as CSV or as JSON; its zone is UTC.

    Raises CallhouseError with what Postgres says of a query that it doesn't take, and for JSON of
    columns of one name.
    """
    with connect(url, "callhouse sql") as connection:
        _load_as_it_is(connection)
        connection.read_only = not write
        connection.execute("SET LOCAL timezone = 'UTC'")
        if not write and connection.execute(IS_SUPERUSER).fetchone():
            # It could run programs on the server's host.
            connection.execute("SET LOCAL ROLE pg_read_all_data")
        try:
            # A pipeline takes one statement alone: a COMMIT would end the reading.
            with connection.pipeline():
                cursor = connection.execute(query.encode())
            rows = cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise CallhouseError(_sentence(error)) from None
        if cursor.description is None and not write:
            raise CallhouseError("The query returns no rows: `callhouse sql` is for reading.")
        names = [column.name for column in cursor.description or ()]
        if form == "json" and (twice := sorted({n for n in names if names.count(n) > 1})):
            raise CallhouseError(
                f"Several columns are named {', '.join(twice)}, and JSON takes one of each name: "
                "rename them (AS …), or take --format csv."
            )
        if write:
            connection.commit()  # not before: what is refused is run again
        if cursor.description is None:
            console.say(cursor.statusmessage or "")
            return
        connection.rollback()  # what it has set would be the next one's in a pooler
    _PRINTERS[form](names, rows)


def _load_as_it_is(connection: psycopg.Connection) -> None:
    """Numbers in JSON keep their digits; what isn't Python's comes as Postgres writes it."""
    set_json_loads(partial(json.loads, parse_float=Decimal), connection)
    for known in connection.adapters.types:
        if known.name not in OF_PYTHON:
            connection.adapters.register_loader(known.oid, TextLoader)


def _print_table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    console.table(names, rows)
    console.say(console.count(len(rows), "row"))


def _print_csv(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """NULL is an empty field; figures are as Postgres has them. A file gets every character, a
    terminal none that it would obey.
    """
    writer = csv.writer(sys.stdout, lineterminator="\n")
    is_read = sys.stdout.isatty()
    writer.writerow(names)
    for row in rows:
        fields = map(_in_csv, row)
        writer.writerow([for_terminal(str(v)) if is_read and v is not None else v for v in fields])


def _in_csv(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return console.shown(value) if isinstance(value, dict | list | bool) else value


def _print_json(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    console.print_json([dict(zip(names, row, strict=True)) for row in rows])


_PRINTERS = {"table": _print_table, "csv": _print_csv, "json": _print_json}


def _psql() -> str:
    if found := shutil.which("psql"):
        return found
    embedded = ServerUser.current().binaries() / "psql"
    if embedded.exists():
        return str(embedded)
    raise CallhouseError(
        "There is no psql on this machine: install Postgres' client, or give `callhouse sql` a "
        'query: callhouse sql "SELECT …"'
    )


def _sentence(error: psycopg.Error) -> str:
    """Postgres' message and hint; or, of a query that would write, where writing is done."""
    message = error.diag.message_primary or str(error).strip()
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return f"{message}: it only reads here, unless you say `callhouse sql --write`"
    if "pipeline mode while in COPY" in message:
        return "COPY isn't a query: psql takes it, which `callhouse sql` without one opens."
    if isinstance(error, psycopg.DataError) and error.sqlstate is None:
        return f"{message}: ask for its text (…::text)"  # Postgres took it, Python has no such time
    parts = [message, error.diag.message_detail, error.diag.message_hint]
    return ". ".join(part.rstrip(".") for part in parts if part) + "."
