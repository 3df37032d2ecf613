"""Which version of the tables a warehouse has, and whether this code works with it."""

import hashlib

import psycopg
import sqlalchemy as sa

import sql
from resources.errors import CallhouseError
from resources.postgres.database import connect
from resources.postgres.errors import sqlstate
from resources.postgres.warehouse import Warehouse

VERSIONS = sql.FOLDER / "migrations" / "versions"
NO_TABLES = "the warehouse has no tables yet: run `callhouse migrate`"
UNFINISHED = (
    "a restore of this database hasn't ended, and what is in it may be a part. If none is under "
    "way, restore into an empty database (the embedded one: stop Callhouse, move `postgres` in its "
    "home aside)"
)
UNDEFINED_TABLE = "42P01"


class SchemaError(CallhouseError):
    """The warehouse's tables aren't those that this code works with."""


def known_versions() -> list[str]:
    """Every version that there is a migration to, oldest first: its file's name begins with it."""
    names = sorted(path.stem for path in VERSIONS.glob("[0-9]*.py"))
    return [name.partition("_")[0] for name in names]


def head() -> str:
    """The newest of them."""
    return known_versions()[-1]


def baseline() -> str:
    """What identifies the first migration. It writes it into `ops.settings`."""
    return hashlib.sha256((VERSIONS / "0001_baseline.sql").read_bytes()).hexdigest()


def version(url: str) -> str | None:
    """The version of the warehouse at `url`; None if it has no tables yet."""
    with connect(url, "callhouse") as connection:
        try:
            row = connection.execute(sql.read("status/schema").encode()).fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return str(row[0]) if row else None


def require_known(present: str, laid: str | None) -> None:
    """Raises SchemaError for a version that this code doesn't know, or that it can't bring up to
    date. `laid`: what the warehouse says of its first migration.
    """
    if present not in known_versions():
        raise SchemaError(
            f"the warehouse's schema is {present}, which this Callhouse, the older of the two, "
            f"doesn't know (it works with {head()}): a newer one has migrated it. Update this one"
        )
    if laid != baseline():
        raise SchemaError(
            "the warehouse's tables were made by another unreleased version of Callhouse, and "
            "can't be brought up to date. Go back to that version; or begin anew in an empty "
            "database (the embedded one: stop Callhouse, delete `postgres` in its home), and load "
            "again"
        )


def require_head(url: str) -> str:
    """The version, if it is the one that this code works with. Raises SchemaError."""
    warehouse = Warehouse(url, pool_size=1)
    try:
        return require_current(warehouse)
    finally:
        warehouse.close()


def require_current(warehouse: Warehouse) -> str:
    """The same, of a warehouse that is in use."""
    try:
        rows = warehouse.rows("status/schema")
    except sa.exc.ProgrammingError as error:
        if sqlstate(error) != UNDEFINED_TABLE:
            raise
        rows = []
    if not rows:
        is_half_restored = warehouse.rows("status/restore")[0].is_unfinished
        raise SchemaError(UNFINISHED if is_half_restored else NO_TABLES)
    if rows[0].is_unfinished:
        raise SchemaError(UNFINISHED)
    present, laid = str(rows[0].version), rows[0].baseline
    require_known(present, laid)
    if present != head():
        raise SchemaError(
            f"the warehouse's schema is {present}, but this Callhouse works with {head()}: "
            "run `callhouse migrate`"
        )
    return present
