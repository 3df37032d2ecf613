"""Facts made again from raw alone, by batches: of a day that has lost all of them, or some."""

from datetime import timedelta

import pytest

from assets.loading import rebuild
from sql import facts
from tests.loading.conftest import DAY, NOON, STREAMS, Open, Scene
from tests.loading.tables import tables_of
from tests.support import statements

EVENING = NOON + timedelta(hours=20)
BATCH = 3
LOST = {"all": "", "the first": "<= ", "the last": "> "}
"""Which of the records' facts are lost, by their keys' order beside one in the middle."""


def lose(here: Scene, which: str) -> None:
    keys = [key for (key,) in here.query(
        "SELECT record_key FROM raw.heads WHERE account = :account ORDER BY 1")]  # fmt: skip
    for table in facts.TABLES.values():
        key = " || '/' || ".join(f"{name}::text" for name in table.record_key)
        where = f"AND {key} {which}'{keys[len(keys) // 2]}'" if which else ""
        here.system.query(
            f"DELETE FROM facts.{table.name} WHERE account = :account {where} RETURNING 1",
            here.account,
        )


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("stream", STREAMS)
def test_lost_facts_are_made_again_as_they_were(
    scene: Open, monkeypatch: pytest.MonkeyPatch, stream: str, lost: str
) -> None:
    monkeypatch.setattr(rebuild, "BATCH", BATCH)
    here = scene(stream)
    things = [here.thing(number) for number in range(8)]
    here.put(*things, here.thing(8, broken=True))
    here.at(EVENING)
    here.backfill()
    here.put(here.thing(0, value=50))
    here.remove(things[1])
    for _ in range(3):
        here.backfill()
        here.later(hours=2)
    before = tables_of(here.system, here.account)
    assert any(before[f"facts.{name}"] for name in facts.TABLES)
    lose(here, LOST[lost])
    assert tables_of(here.system, here.account) != before
    assert here.rebuild().error is None
    assert tables_of(here.system, here.account) == before


def test_a_day_without_facts_gets_them_without_a_stage(scene: Open) -> None:
    here = scene("conpeek")
    here.put(*(here.thing(number) for number in range(4)))
    here.at(EVENING)
    here.backfill()
    before = tables_of(here.system, here.account)
    lose(here, "")
    with statements() as seen:
        here.rebuild()
    assert tables_of(here.system, here.account) == before
    assert not [text for text in seen if "stage_" in text]


def test_a_day_of_which_raw_has_gone_is_left_as_it_is(scene: Open) -> None:
    """Its marts would lose what they have, where a dump without facts was restored."""
    here = scene("conpeek")
    here.put(here.thing(1))
    here.at(EVENING)
    here.backfill()
    lose(here, "")
    here.system.query("DELETE FROM raw.records WHERE account = :account RETURNING 1", here.account)
    stale = "DELETE FROM ops.stale_days WHERE account = :account RETURNING call_date"
    assert here.query(stale)
    left = here.rebuild()
    assert left.error is None
    assert left.trouble == {DAY: ("kept", rebuild.GONE)}
    assert DAY not in left.read
    assert here.query(stale) == []


def test_heads_that_say_it_already_are_not_touched(scene: Open) -> None:
    """To find nothing to write, Postgres would lock each of their rows."""
    here = scene("conpeek")
    here.put(*(here.thing(number) for number in range(4)))
    here.at(EVENING)
    here.backfill()
    locked = "SELECT xmin::text, xmax::text FROM raw.heads WHERE account = :account ORDER BY 1"
    before = here.query(locked)
    assert len(before) == 4
    here.rebuild(DAY)
    assert here.query(locked) == before
