"""What all work of one load shares."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from assets.loading.result import Result
from resources.postgres.warehouse import Warehouse

Watch = Callable[[Result], None]
"""Takes a result whenever something has been added to it, in any thread."""
Say = Callable[[str], None]
"""Takes a sentence, in any thread."""


def nobody(_: object) -> None:
    """Ignores what it is given: nobody follows the load."""


@dataclass(frozen=True)
class LoadContext:
    """The warehouse, the clock that says what is due, and who follows the load.

    `run_id`: Dagster's, or a name. `stopping` is set once nothing is to be begun any more.
    """

    warehouse: Warehouse
    clock: Callable[[], datetime]
    run_id: str | None = None
    watch: Watch = nobody
    say: Say = nobody
    stopping: threading.Event = field(default_factory=threading.Event)
