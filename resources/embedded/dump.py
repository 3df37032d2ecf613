"""The warehouse into a folder, and out of it again, by Postgres' own programs.

Beside the dump is a manifest: how many rows each table has of each business day, and a digest of
them, as of the moment of the dump. A restore is compared with it.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql as pgsql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

import sql
from resources.embedded.server_user import programs
from resources.errors import CallhouseError
from resources.postgres.database import connect, libpq
from resources.postgres.roles import PATHS
from resources.vendors import discover

MANIFEST = "manifest.json"
WAREHOUSE, HISTORY = "warehouse", "history"
"""Folders of a backup: the warehouse, and Dagster's database where it has one of its own."""
JOBS = 2
DAGSTER = "dagster"
FACTS = ("facts", "facts_partitions")
_VERSION = re.compile(r"(\d+)(?:\.\d+)?")
Digests = dict[str, dict[str, tuple[int, str]]]
"""By table and business day ('' where rows have none): how many rows, and a digest of them."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds."""

    made_at: datetime
    schema: str | None
    """The version of the tables."""
    server: int
    """Postgres' major version."""
    has_facts: bool
    has_history: bool
    analysts: Mapping[str, Sequence[str]]
    """Logins, by the group that they are members of."""
    audio: Sequence[Sequence[str | None]]
    """URI and SHA-256 of each audio file. The files aren't in the backup."""
    tables: Digests

    def write(self, folder: Path) -> None:
        """Writes it beside the dump."""
        text = json.dumps(asdict(self), default=str, indent=1)
        (folder / MANIFEST).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises CallhouseError where there is none, or it isn't whole."""
        try:
            content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            tables = {
                table: {day: (count, digest) for day, (count, digest) in days.items()}
                for table, days in content["tables"].items()
            }
            made_at = datetime.fromisoformat(content["made_at"])
            return cls(**content | {"tables": tables, "made_at": made_at})
        except FileNotFoundError:
            raise CallhouseError(f"{folder} is no whole backup: it has no {MANIFEST}") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CallhouseError(
                f"{folder} is no whole backup: {MANIFEST} isn't as `callhouse backup` writes it"
            ) from None


@dataclass(frozen=True)
class DumpRequest:
    """What of a warehouse is dumped, beside `raw`, `ops` and the marts."""

    facts: bool = True
    history: bool = True


def backup(url: str, dagster_url: str | None, folder: Path, request: DumpRequest) -> Manifest:
    """Dumps the warehouse, as of one moment, while loads go on. `dagster_url`: Dagster's own
    database, where it has one.

    The folder is there when all is in it. Raises CallhouseError when it is there before, or when
    Postgres' programs fail, and for facts that are to be left out though raw doesn't have them.
    """
    if folder.exists():
        raise CallhouseError(f"{folder} is there already: name a folder that isn't")
    if not request.facts:
        with connect(url, "callhouse backup") as connection:
            _require_raw(connection)
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    options = [] if request.facts else [f"--exclude-table-data={schema}.*" for schema in FACTS]
    options += [] if request.history else [f"--exclude-schema={DAGSTER}"]
    with connect(url, "callhouse backup") as connection:
        snapshot = _snapshot(connection)
        manifest = Manifest(
            made_at=_one(connection, "SELECT now()"),
            schema=_schema(connection),
            server=_major(connection),
            has_facts=request.facts,
            has_history=request.history,
            analysts=_analysts(connection),
            audio=[list(row) for row in connection.execute(sql.read("dump/audio"))],
            tables=dict(_digests(connection, request)),
        )
        _dump(url, manifest.server, unfinished / WAREHOUSE, [*options, f"--snapshot={snapshot}"])
    if dagster_url and request.history:
        with connect(dagster_url, "callhouse backup") as connection:
            major = _major(connection)
        _dump(dagster_url, major, unfinished / HISTORY, [])
    manifest.write(unfinished)
    unfinished.rename(folder)
    return manifest


def restore(url: str, dagster_url: str | None, folder: Path) -> Manifest:
    """Fills an empty database from a backup, and compares what is in it then with what was dumped.
    Until `end_restore` everybody else refuses the database.

    Raises CallhouseError when the database isn't empty, when Postgres' programs fail, or when
    something else came out than was put in.
    """
    manifest = Manifest.read(folder)
    _restore(url, folder / WAREHOUSE, marks=True)
    if (folder / HISTORY).exists():
        _restore(dagster_url or url, folder / HISTORY, needs_empty=dagster_url is not None)
    with connect(url, "callhouse restore") as connection:
        request = DumpRequest(manifest.has_facts, manifest.has_history)
        found = dict(_digests(connection, request))
    if differences := list(_differences(manifest.tables, found)):
        raise CallhouseError(
            "What was restored isn't what was dumped: " + "; ".join(differences[:20])
        )
    return manifest


def _require_raw(connection: psycopg.Connection[Any]) -> None:
    details = [s.name for vendor in discover().values() for s in vendor.streams if s.parent]
    row = connection.execute(sql.read("dump/days_without_raw"), [details]).fetchone()
    assert row is not None
    days, first, last = row
    if days:
        raise CallhouseError(
            f"--without-facts leaves out what can be rebuilt from raw, and of {days} days from "
            f"{first} to {last} raw has gone for its age: leave --without-facts out"
        )


def end_restore(url: str, manifest: Manifest) -> None:
    """Says that the database is whole, and that nobody is in it who was forgotten; and that facts
    which weren't dumped aren't there.
    """
    with connect(url, "callhouse restore") as connection:
        if not manifest.has_facts:
            connection.execute(sql.read("dump/lost_facts"))
        connection.execute(sql.read("dump/end_restore"))


def restore_analysts(url: str, manifest: Manifest) -> list[str]:
    """Makes the analysts' logins that aren't there, as far as this user may; returns statements
    that somebody still has to run. Passwords are in no backup.
    """
    left: list[str] = []
    with connect(url, "callhouse restore", autocommit=True) as connection:
        for group, members in manifest.analysts.items():
            for member in members:
                names = {"login": pgsql.Identifier(member), "grp": pgsql.Identifier(group)}
                known = "SELECT FROM pg_roles WHERE rolname = %s"
                texts = ["GRANT {grp} TO {login}"]
                if not connection.execute(known, [member]).rowcount:
                    texts.insert(0, "CREATE ROLE {login} LOGIN")
                    left.append(f"\\password {member}")
                for text in texts:
                    statement = pgsql.SQL(text).format(**names)
                    try:
                        connection.execute(statement)
                    except psycopg.errors.InsufficientPrivilege:
                        left.append(statement.as_string(connection))
    return left


def _snapshot(connection: psycopg.Connection) -> str:
    """From here on the connection sees one moment, which a dump may see, too."""
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    return str(_one(connection, "SELECT pg_export_snapshot()"))


def _digests(
    connection: psycopg.Connection, request: DumpRequest
) -> Iterator[tuple[str, dict[str, tuple[int, str]]]]:
    connection.execute("SET LOCAL timezone = 'UTC'")
    for schema, name, has_day in connection.execute(sql.read("dump/tables")).fetchall():
        if (schema == "facts" and not request.facts) or (schema == DAGSTER and not request.history):
            continue
        table = pgsql.Identifier(schema, name)
        day = pgsql.SQL("coalesce(t.call_date::text, '')" if has_day else "''")
        query = pgsql.SQL(sql.read("dump/digests")).format(table=table, day=day)
        rows = connection.execute(query).fetchall()
        yield f"{schema}.{name}", {day: (count, digest) for day, count, digest in rows}


def _differences(dumped: Digests, found: Digests) -> Iterator[str]:
    for table, days in dumped.items():
        there = found.get(table, {})
        for day in sorted(days.keys() | there.keys()):
            was, now = days.get(day, (0, "")), there.get(day, (0, ""))
            if tuple(was) != tuple(now):
                yield f"{table} {day}: {was[0]:,} rows were dumped, {now[0]:,} are there".replace(
                    "  ", " "
                ) + ("" if was[0] != now[0] else ", with other contents")


def _analysts(connection: psycopg.Connection) -> dict[str, list[str]]:
    rows = connection.execute(sql.read("dump/analysts"), [list(PATHS)]).fetchall()
    return dict(rows)


def _schema(connection: psycopg.Connection) -> str | None:
    known = _one(connection, "SELECT to_regclass('public.schema_version')")
    if known is None:
        return None
    return str(_one(connection, "SELECT version_num FROM public.schema_version"))


def _one(connection: psycopg.Connection, query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row
    return row[0]


def _major(connection: psycopg.Connection) -> int:
    return connection.info.server_version // 10_000


def _dump(url: str, major: int, into: Path, options: Sequence[str]) -> None:
    _run(url, _program("pg_dump", major), "--format=directory", f"--jobs={JOBS}", "--no-owner",
         "--no-privileges", f"--file={into}", *options)  # fmt: skip


def _restore(url: str, dump: Path, *, needs_empty: bool = True, marks: bool = False) -> None:
    with connect(url, "callhouse restore") as connection:
        if needs_empty and (full := _one(connection, sql.read("dump/contents"))):
            raise CallhouseError(
                f"The database isn't empty: it has {full}. Restore into a new one (the embedded "
                "one: stop Callhouse, move `postgres` in its home aside)"
            )
        major = _major(connection)
        if marks:
            connection.execute(sql.read("dump/begin_restore"))
    _run(url, _program("pg_restore", major), "--no-owner", "--no-privileges", "--exit-on-error",
         f"--jobs={JOBS}", str(dump))  # fmt: skip


def _program(name: str, server: int) -> Path:
    """The embedded server's own, unless the server is newer; then the host's. Raises
    CallhouseError where that is too old, too.
    """
    own = programs() / name
    host = shutil.which(name)
    for program in [own, *([Path(host)] if host else [])]:
        if program.exists() and _version(program) >= server:
            return program
    raise CallhouseError(f"The server is Postgres {server}: install {name} of that version")


def _version(program: Path) -> int:
    shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = _VERSION.search(shown.stdout)
    return int(found[1]) if found else 0


def _run(url: str, program: Path, *arguments: str) -> None:
    """Runs the program. The password goes through the environment, as everybody may read a
    process's arguments.
    """
    settings = conninfo_to_dict(libpq(url, f"callhouse {program.name}"))
    password = settings.pop("password", None)
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}
    if password:
        environment["PGPASSWORD"] = str(password)
    command = [str(program), f"--dbname={make_conninfo('', **settings)}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().splitlines()
        raise CallhouseError(f"{program.name} fails: {' '.join(reason[:3]) or done.returncode}")
