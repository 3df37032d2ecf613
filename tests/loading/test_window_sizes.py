"""How many days are asked for at once: halved where it was too much, and doubled again."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest

from assets.loading.account_stream import AccountStream
from assets.loading.window.size import WindowSize
from resources.standin import Fault
from resources.windows import Window, days_between
from tests.loading.conftest import DAY, NOON, Open, Scene

MONTH = days_between(DAY - timedelta(days=30), DAY)
LEARNED = (
    """SELECT window_days, window_good, window_needed FROM ops.streams WHERE account = :account"""
)


def days_asked(query: dict[str, str]) -> int:
    """How many business days a question covers."""
    if "date_ini" in query:
        begin, end = (
            datetime.strptime(query[name], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            for name in ("date_ini", "date_end")
        )
    else:
        begin, end = (
            datetime.fromisoformat(condition["value"]).replace(tzinfo=UTC)
            for condition in json.loads(query["filter"])[:2]
        )
    return round((end - begin) / timedelta(days=1))


def asked(here: Scene) -> list[int]:
    """Days of each question so far; then they are forgotten."""
    requests = here.system.standin.requests
    mine = [r for r in requests if r.tenant == here.tenant.name]
    requests.clear()
    queries = [parse_qs(urlsplit(request.path).query) for request in mine]
    return [days_asked({k: v[0] for k, v in query.items()}) for query in queries]


@pytest.fixture(params=["conpeek", "wolkvox.calls"])
def here(scene: Open, request: pytest.FixtureRequest) -> Scene:
    here = scene(request.param, MONTH[0])
    limits = here.account.limits.model_copy(update={"max_bytes": 100_000, "concurrency": 1})
    here.account = here.account.model_copy(update={"limits": limits})
    here.at(NOON + timedelta(days=1))
    return here


def test_windows_that_were_too_much_grow_again_in_a_healthy_month(here: Scene) -> None:
    here.tenant.arm(Fault.oversized(200_000), 5)
    assert here.backfill(*MONTH).error is None
    assert asked(here)[:5] == [31, 15, 7, 3, 1], "halved, down to a day and its parts"
    learned = [here.query(LEARNED)[0][0]]
    while learned[-1] is not None:
        assert here.backfill(*MONTH).error is None
        assert max(asked(here)) <= 31
        learned.append(here.query(LEARNED)[0][0])
        assert len(learned) < 9, learned
    assert learned[:-1] == sorted(learned[:-1])
    assert here.backfill(*MONTH).error is None
    assert asked(here) == [31]


def test_what_is_too_much_for_good_is_tried_ever_more_seldom(scene: Open) -> None:
    """Two days are what this server bears; hundreds of windows are read."""
    here = scene("conpeek", MONTH[0])
    here.at(NOON + timedelta(days=1))
    args = (here.system.warehouse, AccountStream(here.account, here.stream))
    size, trials = WindowSize(*args, None), []
    for number in range(500):
        if size.most_days > 2:
            trials.append(number)
            size.was_too_much(size.most_days // 2)
        else:
            days = tuple(MONTH[: size.most_days])
            size.went_well(Window.of_days(days, here.account.timezone, here.system.clock.now()))
    between = [after - before for before, after in pairwise(trials[4:])]
    assert between[:6] == [7, 13, 25, 49, 97, 97]


def test_a_time_out_counts_as_too_much(scene: Open) -> None:
    here = scene("conpeek", DAY - timedelta(days=3))
    limits = here.account.limits.model_copy(update={"timeout_s": 0.1, "concurrency": 1})
    here.account = here.account.model_copy(update={"limits": limits})
    here.at(NOON + timedelta(days=1))
    here.tenant.arm(Fault.slow(60), 1)
    days = days_between(DAY - timedelta(days=3), DAY)
    assert here.backfill(*days).error is None
    assert here.query(LEARNED) == [(2, 2, 3)]


def test_parts_of_a_day_prove_nothing(here: Scene) -> None:
    here.tenant.arm(Fault.oversized(200_000), 1)
    assert here.backfill(*MONTH[:2]).error is None
    (before,) = here.query(LEARNED)
    assert before[0] == 1
    here.at(NOON)
    for _ in range(12):
        assert here.backfill(DAY).error is None
        here.later(minutes=5)
    assert here.query(LEARNED) == [before]
