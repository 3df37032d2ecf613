"""Hours of polls, by a moved clock, with what befalls vendors and runs in between: after each poll
the asset pages show what `ops.findings` says. (`test_shown_checks` has what happens one by one.)
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from resources.postgres import clock
from resources.postgres.warehouse import Warehouse
from resources.standin import Fault, Tenant
from tests.db.test_clock import turn
from tests.e2e.conftest import START, TODAY
from tests.e2e.test_mended_days import die
from tests.e2e.test_shown_checks import assert_shown, call
from tests.in_process_dagster import InProcessDagster

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
HOURS, STEP = timedelta(hours=13), timedelta(minutes=20)
WRONG = {"dialog_type": ["EXTERNAL"]}
UNREADABLE = {"talking_time": "many"}


class Life:
    """What happens between two polls, at a moment of the moved clock."""

    def __init__(
        self, dagster: InProcessDagster, tenants: Mapping[str, Tenant], random: Random
    ) -> None:
        self._site = dagster
        self._tenants = list(tenants.values())
        self._good = {tenant.name: tenant.token for tenant in self._tenants}
        self._random = random
        self._number = 0
        self._events = self._forever()

    def go_on(self, now: datetime) -> None:
        """The next event."""
        next(self._events)(now)

    def _forever(self) -> Iterator[Callable[[datetime], None]]:
        """Each of them time and again, in any order."""
        events = [
            self._good_call, self._wrong, self._unreadable, self._mended, self._refused,
            self._failing, self._good_again, self._backfill, self._dead_run,
        ]  # fmt: skip
        while True:
            yield from self._random.sample(events, k=len(events))

    @property
    def _one(self) -> Tenant:
        return self._random.choice(self._tenants)

    def _put(self, now: datetime, **changes: object) -> None:
        self._number += 1
        self._one.put([call(self._number, now, **changes)])

    def _good_call(self, now: datetime) -> None:
        self._put(now)

    def _wrong(self, now: datetime) -> None:
        self._put(now, **WRONG)

    def _unreadable(self, now: datetime) -> None:
        self._put(now, **UNREADABLE)

    def _mended(self, now: datetime) -> None:
        """All calls of the last minutes as they should be."""
        for tenant in self._tenants:
            tenant.put([call(number, now) for number in range(1, self._number + 1)])

    def _refused(self, now: datetime) -> None:
        self._one.token = "another"

    def _failing(self, now: datetime) -> None:
        self._one.arm(Fault.status(500), times=1000)

    def _good_again(self, now: datetime) -> None:
        for tenant in self._tenants:
            tenant.disarm()
            tenant.token = self._good[tenant.name]

    def _backfill(self, now: datetime) -> None:
        day = self._random.choice([START, now.date()])
        self._site.ended(self._site.backfill(self._site.assets("conpeek"), [f"{day}"]))

    def _dead_run(self, now: datetime) -> None:
        die(self._site, self._site.assets("conpeek"), [f"{TODAY}"])


@pytest.mark.parametrize("seed", [1, 2])
def test_the_pages_show_what_was_found(
    seed: int,
    dagster: InProcessDagster,
    warehouse: Warehouse,
    tenants: Mapping[str, Tenant],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "FARTHEST", timedelta(days=3))
    life, red = Life(dagster, tenants, Random(seed)), set[str]()
    for late in range(HOURS // STEP, -1, -1):
        turn(warehouse, -late * STEP)
        now = datetime.now(UTC) - late * STEP
        life.go_on(now)
        dagster.poll("conpeek", now)
        red |= assert_shown(dagster, warehouse)
    assert red >= {"complete", "fresh", "readable"}, "or nothing was tried"
