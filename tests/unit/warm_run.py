"""What a process looks at that stands for a run, in tests of how runs begin."""

import sys
from typing import Any


def look(answers: Any) -> None:
    """Tells whether Dagster is imported already, and the definitions are made; ends with a code of
    its own.
    """
    answers.put(("dagster" in sys.modules, "pipelines.definitions" in sys.modules))
    answers.close()
    answers.join_thread()
    sys.exit(7)
