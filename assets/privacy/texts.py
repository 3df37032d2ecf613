"""Texts that quote somebody, beside the records: errors, notes, Dagster's events, logs.

Digits become stars, in place: the rest of the text stays.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from assets.loading.personal.erase import Counts
from assets.privacy.places import ANY_NUMBER
from resources.configuration.home import Home
from resources.postgres.warehouse import Warehouse

Hide = Callable[[str], str]
"""The text with stars for somebody's digits, as long as before; equal if they aren't in it."""
CLOSED = "tables of others, not looked through"
MOST_BYTES = 64 * 2**20
"""Of a line of a log: what is longer is no text of anybody's."""
_DATA = "data"


def hide_in_tables(
    warehouse: Warehouse, hide: Hide, prefilter: str | None, *, dry: bool = False
) -> Counts:
    """Every text of the database's other tables, Dagster's own among them where they are there.
    Returns how many rows of each have it, and how many tables others own and keep closed.
    """
    counts: Counts = Counter()
    for table in warehouse.rows("erase/texts"):
        if table.is_open:
            counts[table.name] += _in_table(warehouse, table, hide, prefilter, dry)
        else:
            counts[CLOSED] += 1
    return counts


def hide_in_files(files: Iterable[Path], hide: Hide, *, dry: bool = False) -> int:
    """Every line of the files, which others may be writing to meanwhile. Returns how many have
    it.
    """
    return sum(_in_file(file, hide, dry) for file in files)


def text_files(home: Home) -> Iterator[Path]:
    """The logs, and whatever else lies in Callhouse's and Dagster's homes, except the data of
    the embedded Postgres and the audio.
    """
    for root in dict.fromkeys((home.root, home.dagster)):
        for name, inner, names in os.walk(root):
            folder = Path(name)
            if folder.is_relative_to(home.postgres):
                inner[:] = [one for one in inner if one != _DATA]
            if folder == home.root:
                inner[:] = [one for one in inner if folder / one != home.audio]
            yield from (folder / one for one in names)


def _in_table(
    warehouse: Warehouse, table: Row[Any], hide: Hide, prefilter: str | None, dry: bool
) -> int:
    columns = ", ".join(f'"{name}"::text AS "{name}"' for name in table.columns)
    everything = ", ".join(f'"{name}"' for name in table.columns)
    select = sa.text(
        f"SELECT ctid::text AS place, {columns} FROM {table.name}"  # noqa: S608 - of pg_class
        f" WHERE concat_ws(' ', {everything}) ~ :pattern"
    )
    pattern = {"pattern": prefilter or ANY_NUMBER}
    found = 0
    with warehouse.transaction() as reading:
        options = {"stream_results": True, "max_row_buffer": 2_000}
        for row in reading.execute(select, pattern, execution_options=options):
            old = {name: getattr(row, name) for name in table.columns if getattr(row, name)}
            new = {name: _hidden(text, hide) for name, text in old.items()}
            changed = {name: text for name, text in new.items() if text != old[name]}
            if not changed:
                continue
            found += 1
            if not dry:
                warehouse.in_transaction(_writer(table, row.place, old, changed))
    return found


def _writer(
    table: Row[Any], place: str, old: dict[str, str], changed: dict[str, str]
) -> Callable[[Connection], None]:
    """Writes what changed of a row, unless somebody else has changed it meanwhile. Where there is
    such a row already, this one goes.
    """
    types = dict(zip(table.columns, table.types, strict=True))
    given = ", ".join(f'"{name}" = CAST(:{name} AS {types[name]})' for name in changed)
    same = " AND ".join(f'"{name}"::text = :old_{name}' for name in changed)
    where = f"WHERE ctid = CAST(:place AS tid) AND {same}"
    update = sa.text(f"UPDATE {table.name} SET {given} {where}")  # noqa: S608 - of pg_class
    delete = sa.text(f"DELETE FROM {table.name} {where}")  # noqa: S608
    parameters = {"place": place, **changed, **{f"old_{n}": old[n] for n in changed}}

    def write(connection: Connection) -> None:
        try:
            with connection.begin_nested():
                connection.execute(update, parameters)
        except sa.exc.IntegrityError:
            connection.execute(delete, parameters)

    return write


def _hidden(text: str, hide: Hide) -> str:
    """JSON stays JSON: a number in it that is somebody's becomes 0. Escapes of it, such as those
    of a no-break space, may stand between digits.
    """
    hidden = hide(text)
    if text[:1] not in ("{", "[") or (hidden == text and "\\u" not in text):
        return hidden
    try:
        value = json.loads(text)
        inner = _inner(value, hide)
    except (ValueError, RecursionError):
        return hidden
    return text if inner == value else json.dumps(inner)


def _inner(value: Any, hide: Hide) -> Any:
    if isinstance(value, dict):
        return {hide(name): _inner(inner, hide) for name, inner in value.items()}
    if isinstance(value, list):
        return [_inner(inner, hide) for inner in value]
    if isinstance(value, str):
        return _hidden(value, hide)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if hide(str(value)) == str(value) else 0
    return value


def _in_file(file: Path, hide: Hide, dry: bool) -> bool:
    """Whether the file has it. What is written over it is as long, so that a process that appends
    to the file doesn't notice.
    """
    if not file.is_file() or file.is_symlink():
        return False
    found = False
    with file.open("rb" if dry else "r+b") as content:
        while line := content.readline(MOST_BYTES):
            text = line.decode("utf-8", "surrogateescape")
            hidden = hide(text)
            if hidden == text:
                continue
            found = True
            if not dry:
                end = content.tell()
                content.seek(end - len(line))
                content.write(hidden.encode("utf-8", "surrogateescape"))
                content.seek(end)
    return found
