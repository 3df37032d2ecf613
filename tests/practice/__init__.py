"""Two vendors for practice: each is a module and its recorded answers, and nobody's customer.

They show that the interface fits vendors beyond the five. Production doesn't find them; within
`practised` they are found beside the others.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import resources.vendors
from resources.vendors import discover

FOLDER = Path(__file__).parent
FIXTURES = FOLDER / "fixtures"
NAMES = sorted(path.stem for path in (FOLDER / "vendors").glob("*.py"))


@contextmanager
def practised() -> Iterator[None]:
    """Within the block the vendors for practice are found, too."""
    before = resources.vendors.__path__
    resources.vendors.__path__ = [*before, str(FOLDER / "vendors")]
    discover.cache_clear()
    try:
        yield
    finally:
        resources.vendors.__path__ = before
        discover.cache_clear()
        for name in NAMES:
            sys.modules.pop(f"resources.vendors.{name}", None)
