"""Lists of records: the vendors by what theirs are like, as `Kind` says of one stream of each; and
what tests of lists put into them and find of them.
"""

from datetime import timedelta

from tests.loading.conftest import NOON, Scene
from tests.model.practice import PRACTICE
from tests.model.vendors import KINDS

EVERY = [kind.vendor for kind in KINDS]
RECORDS = [kind.vendor for kind in KINDS if not kind.replaces]
"""Those that list records, not a day's totals."""
RECORDS_AND_PRACTICE = [kind.vendor for kind in (*KINDS, *PRACTICE) if not kind.replaces]
PAGED = [kind.vendor for kind in KINDS if kind.page_rows]
"""Those whose lists come in pages."""
PAGED_TOTALS = [kind.vendor for kind in KINDS if kind.page_rows and kind.tells_total]
"""And say how many records there are."""
PAGED_TOTALS_AND_PRACTICE = [
    kind.vendor for kind in (*KINDS, *PRACTICE) if kind.page_rows and kind.tells_total
]
EVENING = NOON + timedelta(days=3)
MANY = 120
"""More than two pages of Evolux's fifty, more than one of Vono's hundred."""
PIECES = 3
"""So many requests more a poll may make that catches up from midnight to noon."""


def shown(here: Scene) -> list[int]:
    """Numbers of the things that are facts."""
    key = {"calls": "call_id", "recordings": "recording_id", "call_legs": "leg_id"}
    found = here.facts(key[here.kind.table], "1")
    return sorted(int(row[0].rpartition("/")[2].removeprefix("d-")) for row in found)


def crowd(here: Scene, pages: float) -> list[int]:
    """So many pages' worth of records, the vendor's own order of pages notwithstanding."""
    numbers = list(range(1, round(here.kind.page_rows * pages) + 1))
    here.put(*(here.thing(number, minutes=number // 2 - 600) for number in numbers))
    return numbers
