"""Loads through PgBouncer in transaction mode, beside others who leave sessions as they like."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.conftest import fresh_database
from tests.loading.conftest import DAY, Open, open_scene, open_system
from tests.loading.tables import tables_of
from tests.loading.test_crashes import BEFORE, history
from tests.model.system import System
from tests.pooler import LEFT_BEHIND, Pooler, in_every_session, needs_pgbouncer

pytestmark = needs_pgbouncer

POOL = 4
"""Sessions: fewer than a load has threads, so that they go from hand to hand."""
ODD = ("timezone = 'Asia/Kathmandu'", "search_path = 'nowhere'", "datestyle = 'ISO, DMY'")
"""What a database may be set to."""


@dataclass
class Pooled:
    """A system whose loads go through a pooler, and the pooler."""

    system: System
    pooler: Pooler
    url: str


@pytest.fixture(scope="module")
def pooled(postgres_url: str, template_database: str) -> Iterator[Pooled]:
    with fresh_database(postgres_url, template_database) as direct:
        name = direct.rpartition("/")[2]
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            for setting in ODD:
                admin.execute(f"ALTER DATABASE {name} SET {setting}".encode())
        with Pooler(postgres_url, default_pool_size=str(POOL)) as pooler:
            url = pooler.url(direct)
            with open_system(url) as system:
                yield Pooled(system, pooler, url)


@pytest.fixture
def undisturbed(scene: Open) -> Any:
    """The tables that a history gives without a pooler."""

    def tables(vendor: str) -> dict[str, list[Any]]:
        here = scene(vendor, BEFORE)
        history(here, lambda: here.backfill(BEFORE, DAY))
        return tables_of(here.system, here.account)

    return tables


@pytest.mark.parametrize("vendor", ["evolux", "wolkvox", "vono"])
def test_a_history_gives_the_same_tables_and_leaves_nothing_in_a_session(
    pooled: Pooled, undisturbed: Any, vendor: str
) -> None:
    here = open_scene(pooled.system, vendor, BEFORE)
    history(here, lambda: here.backfill(BEFORE, DAY))
    assert tables_of(pooled.system, here.account) == undisturbed(vendor)
    assert in_every_session(pooled.url, LEFT_BEHIND) == []


PARTITIONS_ELSEWHERE = """
SELECT schemaname, tablename FROM pg_tables
 WHERE tablename ~ '[0-9]{8}$' AND schemaname NOT IN ('raw_partitions', 'facts_partitions')
"""
NEIGHBOURS = (
    "CREATE TEMP TABLE stage_calls (theirs integer)",
    "CREATE TEMP TABLE stage_seen (theirs integer)",
    "SET search_path = marts, facts, public",
    "SET datestyle = 'German'",
    "SET intervalstyle = 'iso_8601'",
)


def test_what_neighbours_leave_in_a_session_changes_nothing(
    pooled: Pooled, undisturbed: Any
) -> None:
    try:
        for statement in NEIGHBOURS:
            in_every_session(pooled.url, statement)
        left = set(in_every_session(pooled.url, LEFT_BEHIND))
        assert {"setting search_path", "table stage_calls"} <= left
        here = open_scene(pooled.system, "evolux", BEFORE)
        history(here, lambda: here.backfill(BEFORE, DAY))
        assert tables_of(pooled.system, here.account) == undisturbed("evolux")
    finally:
        for statement in ("DISCARD TEMP", "RESET ALL"):
            in_every_session(pooled.url, statement)
    assert pooled.system.query(PARTITIONS_ELSEWHERE, here.account) == []


@pytest.mark.usefixtures("real_pauses")
def test_a_pooler_that_dies_in_the_middle_of_a_load(pooled: Pooled, undisturbed: Any) -> None:
    here = open_scene(pooled.system, "conpeek", BEFORE)
    died = threading.Event()

    def die() -> None:
        died.set()
        pooled.pooler.kill()
        time.sleep(0.3)
        pooled.pooler.start()

    def load() -> None:
        here.tenant.latency_s = 0.05
        killer = threading.Timer(0.1, die)
        killer.start()
        assert here.backfill(BEFORE, DAY).error is None
        killer.join()

    history(here, load)
    assert died.is_set()
    assert tables_of(pooled.system, here.account) == undisturbed("conpeek")
    assert in_every_session(pooled.url, LEFT_BEHIND) == []


@pytest.mark.usefixtures("real_pauses")
def test_loads_of_new_days_never_wait_for_each_others_sessions(pooled: Pooled) -> None:
    """More at once than there are sessions, and each would need a second one for its partitions."""
    days = [DAY - timedelta(days=100 + number) for number in range(8)]
    scenes = [open_scene(pooled.system, "conpeek", min(days)) for _ in range(12)]
    for here in scenes:
        for number, day in enumerate(days):
            here.put(here.thing(number, minutes=-24 * 60 * (DAY - day).days))
    loader, stream = pooled.system.loaders["conpeek"], scenes[0].stream
    began = time.monotonic()
    results = loader.backfill([here.account for here in scenes], [stream], days)
    assert {result.error for result in results} == {None}
    assert time.monotonic() - began < 30
