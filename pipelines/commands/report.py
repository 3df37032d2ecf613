"""`callhouse report`: the marts as one HTML page, in a file."""

import webbrowser
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.commands import console
from pipelines.commands.query import reading
from resources.errors import CallhouseError
from resources.postgres.schema_version import require_head
from resources.postgres.warehouse import Warehouse
from resources.report import page
from resources.report.answers import select


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What to make a report of, and where to. `days`: the first and the last; None: the usual."""

    days: tuple[date, date] | None
    accounts: Sequence[str]
    pii: bool
    output: Path
    is_opened: bool


def report(url: str, request: ReportRequest) -> bool:
    """Makes the file, and says where it is; returns whether all of it could be made.

    Raises CallhouseError for accounts and days that there are none of, and for a file that can't be
    written.
    """
    require_head(url)
    with closing(Warehouse(reading(url), pool_size=1)) as warehouse:
        selection = select(warehouse, request.days, request.accounts, request.pii)
        made = page.render(warehouse, selection)
    try:
        page.write(made, request.output)
    except OSError as error:
        raise CallhouseError(f"Can't write {request.output}: {error.strerror}.") from None
    for fault in made.faults:
        console.complain(f"A part of it couldn't be made. {fault}")
    console.say(f"{selection.period}: {request.output}")
    if request.is_opened:
        webbrowser.open(request.output.absolute().as_uri())
    return not made.faults
