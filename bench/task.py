"""What a contender is told and what it reports. Standard library only: peers import this too."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PAGE = 500
"""Records a page of Conpeek: its documented default, for everybody."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One run: where from, where to, and what to do there."""

    action: str
    database_url: str
    vendor: str
    stream: str
    base_url: str
    """Of the vendor's one account, without a slash at the end."""
    first_day: str
    days: int
    folder: str
    """Scratch space, kept from one step of a contender to its next."""
    accounts: int = 1

    @property
    def token(self) -> str:
        """What the stand-in takes for this account."""
        return f"standin-{self.base_url.rpartition('/')[2]}"

    @property
    def path(self) -> Path:
        """The scratch space."""
        return Path(self.folder)

    def json(self) -> str:
        """As a command line carries it."""
        return json.dumps(asdict(self))


def dialogs_filter(task: Task) -> str:
    """Conpeek's filter for the whole time, as every contender sends it."""
    from datetime import date, timedelta

    first = date.fromisoformat(task.first_day)
    return json.dumps(
        [
            {"property": "start_time", "operator": "gte", "value": f"{first} 00:00:00"},
            {
                "property": "start_time",
                "operator": "lt",
                "value": f"{first + timedelta(task.days)} 00:00:00",
            },
        ]
    )


def run(work: Callable[[Task], dict[str, Any]]) -> None:
    """A contender's main: its task from the command line, what it says as the last line."""
    startup_s = time.process_time()
    task = Task(**json.loads(sys.argv[1]))
    said = work(task)
    print(json.dumps({"startup_s": startup_s} | said), flush=True)
