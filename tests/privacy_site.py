"""A place to forget somebody in, and a search for them everywhere."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from assets.privacy.forget import Site
from assets.privacy.places import owners
from assets.privacy.register import Register
from assets.privacy.texts import text_files
from resources.account import Account
from resources.configuration.home import Home
from resources.postgres.warehouse import Warehouse
from resources.vendors import discover

EVERYTHING = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
"""


def site_of(warehouse: Warehouse, accounts: Mapping[str, Account], home: Path) -> Site:
    """The warehouse, and whatever lies in the home."""
    return Site(
        warehouse,
        owners(warehouse, accounts, discover()),
        (),
        lambda: text_files(Home(home)),
        Register(home / "erasures.jsonl"),
        lambda *_: None,
    )


def places_of(warehouse: Warehouse, home: Path, texts: Iterable[str]) -> dict[str, int]:
    """In how many rows of which table, and in which files, one of the texts stands: its digits,
    whatever stands between them.
    """
    patterns = [
        re.compile(r"[\s().\-/+]{0,3}".join(map(re.escape, re.sub(r"\W", "", text))), re.IGNORECASE)
        for text in texts
    ]

    def has(text: str) -> bool:
        return any(pattern.search(text) for pattern in patterns)

    found: dict[str, int] = {}
    with warehouse.autocommit.connect() as connection:
        tables: list[Any] = list(connection.execute(sa.text(EVERYTHING)))
        for schema, name in tables:
            rows = connection.execute(sa.text(f'SELECT t::text FROM "{schema}"."{name}" t'))
            if count := sum(has(row[0]) for row in rows):
                found[f"{schema}.{name}"] = count
    for file in home.rglob("*"):
        inside = file.relative_to(home).parts
        if file.is_file() and "data" not in inside and has(file.read_text(errors="replace")):
            found[str(Path(*inside))] = 1
    return found
