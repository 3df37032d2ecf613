"""What the fork server imports last (`pipelines.warm_runs`): the definitions, whose making takes as
long as a poll. A run makes them anew if they would be others by then.
"""

import os
import sys
from contextlib import suppress

from pipelines.workers.code import Code


def _forget_old_definitions(code: Code) -> None:
    """In a run's own process, before Dagster asks for them."""
    if not code.is_current:
        del sys.modules["pipelines.definitions"]


with suppress(Exception):  # a run makes them itself then, and says what is wrong
    _code = Code()
    os.register_at_fork(after_in_child=lambda: _forget_old_definitions(_code))
