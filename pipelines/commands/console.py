"""How the command line speaks: sentences and tables to people, JSON to scripts."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.measure import measure_renderables
from rich.table import Table
from rich.text import Text

from resources.text.foreign_text import for_terminal

WIDE = 200
"""Columns of a table that goes into a pipe or a file: nobody's screen has to hold it."""
NARROWEST = 4
"""Characters of a column that is folded: with less nobody reads it."""
FAILED = 1
WRONG = 2

PLAIN: Mapping[str, Any] = {"highlight": False, "emoji": False}
"""Keeps rich from colouring figures, and from making pictures of `:names:`."""
out = Console(width=None if sys.stdout.isatty() else WIDE, **PLAIN)
err = Console(stderr=True, soft_wrap=True, **PLAIN)


Cells = Sequence[Text]


@contextmanager
def sentences(wrong: int = WRONG) -> Iterator[None]:
    """Ends the command with a sentence, not a traceback, for whatever has a sentence to say: also
    for what the system refuses, such as a folder, or the output itself.

    `wrong` is the exit code of a wrong configuration.
    """
    import psycopg
    import sqlalchemy as sa

    from resources.errors import CallhouseError, ConfigurationError
    from resources.postgres.errors import in_words

    try:
        yield
        sys.stdout.flush()
    except ConfigurationError as error:
        for fault in error.faults:
            complain(fault)
        raise typer.Exit(wrong) from None
    except CallhouseError as error:
        complain(error)
        raise typer.Exit(FAILED) from None
    except (psycopg.OperationalError, sa.exc.OperationalError) as error:
        reason = getattr(error, "orig", None) or error
        complain(f"The warehouse doesn't answer: {str(reason).strip()}")
        raise typer.Exit(FAILED) from None
    except (psycopg.Error, sa.exc.DBAPIError) as error:
        if not (lacks := in_words(error)):
            raise
        complain(f"The warehouse refuses it: {lacks}")
        raise typer.Exit(FAILED) from None
    except BrokenPipeError:
        raise  # whoever reads has seen enough: typer ends it
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        complain(f"The system refuses it: {where}{error.strerror or error}")
        _drop_output()
        raise typer.Exit(FAILED) from None
    except UnicodeEncodeError as error:
        character = ascii(error.object[error.start])
        complain(
            f"The output has a character ({character}) that its encoding, {error.encoding}, lacks: "
            "choose UTF-8 (PYTHONIOENCODING=utf-8)"
        )
        _drop_output()
        raise typer.Exit(FAILED) from None


def _drop_output() -> None:
    """What couldn't be written isn't tried once more at the very end, where it ends in a traceback
    and another exit code.
    """
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        return
    with suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def complain(what: object) -> None:
    """Says what is wrong, on the standard error."""
    err.print(f"[red]✗[/] {_plain(what)}")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Prints a table; figures stand right, what isn't known is an empty cell. One that is too wide
    has a line a value, and its rows below each other.
    """
    rows = [list(row) for row in rows]
    figures = [
        all(isinstance(row[place], int | float | Decimal | None) for row in rows)
        for place in range(len(columns))
    ]
    names = [_cell(name) for name in columns]
    cells = [[_cell(shown(value)) for value in row] for row in rows]
    fits = _fits(names, cells, figures)
    out.print(_across(names, cells, figures) if fits else _down(names, cells))


def _fits(names: Cells, rows: Sequence[Cells], figures: Sequence[bool]) -> bool:
    """Whether each column has its whole width, or one that words can be folded to and no figure is.
    Rich folds the widest columns, all to the same width, which may be none.
    """
    widths = [_width(column) for column in zip(names, *rows, strict=True)]
    numbers = [
        cell for row in rows for cell, is_figure in zip(row, figures, strict=True) if is_figure
    ]
    least = max(NARROWEST, _width(numbers))
    return sum(min(width, least) + len("┃  ") for width in widths) < out.width


def _across(names: Cells, rows: Sequence[Cells], figures: Sequence[bool]) -> Table:
    drawn = Table()
    for name, is_figure in zip(names, figures, strict=True):
        drawn.add_column(name, justify="right" if is_figure else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    return drawn


def _down(names: Cells, rows: Sequence[Cells]) -> Table:
    drawn = Table(show_header=False)
    drawn.add_column(style="bold", overflow="fold")
    drawn.add_column(overflow="fold")
    for row in rows:
        for name, cell in zip(names, row, strict=True):
            drawn.add_row(name, cell)
        drawn.add_section()
    return drawn


def _cell(text: str) -> Text:
    """Text of which rich takes nothing for its markup, and a terminal nothing for a command."""
    return Text(for_terminal(text))


def _width(cells: Iterable[Text]) -> int:
    return measure_renderables(out, out.options, list(cells)).maximum


def say(sentence: str, style: str = "") -> None:
    """Prints a sentence, as it is."""
    out.print(for_terminal(sentence), style=style or None, markup=False, soft_wrap=True)


def shown(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=_as_json)
    return str(value)


def print_json(value: Any) -> None:
    """Prints JSON, and nothing else, on the standard output; for eyes, what isn't ASCII escaped."""
    is_read = sys.stdout.isatty()
    write = partial(json.dumps, ensure_ascii=is_read, indent=2, default=_as_json)
    try:
        text = write(value, allow_nan=False)
    except ValueError:  # JSON has no NaN: it is text, as Postgres' own to_json has it
        text = write(json.loads(write(value), parse_constant=str))
    print(text)


def count(number: int, what: str) -> str:
    """`1 day`, `2 days`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def ago(then: datetime | None, now: datetime) -> str:
    """How long ago, or in how long, in the largest fitting unit."""
    if then is None:
        return "never"
    if abs(now - then) < timedelta(seconds=1):
        return "now"
    distance = span(abs(now - then))
    return f"in {distance}" if then > now else f"{distance} ago"


def span(length: timedelta) -> str:
    """A length of time in its largest fitting unit: `40 s`, `12 min`, `5 h`, `3 days`."""
    seconds = length.total_seconds()
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86_400:.0f} days"


def _plain(text: object) -> str:
    """Text that neither rich takes for its markup, nor a terminal for its commands."""
    from rich.markup import escape

    return escape(for_terminal(str(text)))


def _as_json(value: Any) -> Any:
    """What JSON doesn't know is text, and so is a number whose digits its readers would change."""
    if isinstance(value, Decimal):
        number = float(value)
        is_same = isfinite(number) and Decimal(repr(number)) == value
        return number if is_same else f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
