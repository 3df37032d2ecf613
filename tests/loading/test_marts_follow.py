"""Whatever a load does to facts, a refresh of what it marked leaves nothing for one of all."""

from datetime import timedelta
from pathlib import Path

from assets.privacy import forget
from assets.privacy.forget import Person
from assets.refresh import refresh_days, refresh_marts
from resources.vendors.conpeek import ConpeekOptions
from tests.loading.conftest import DAY, NOON, Open, Scene
from tests.loading.forgetting import NUMBERS, open_site, put_caller

BEFORE = DAY - timedelta(days=1)


def behind(here: Scene) -> list[tuple[str, str]]:
    """Marts that are wrong after a refresh, and how many days were refreshed."""
    warehouse = here.system.warehouse
    assert refresh_marts(warehouse)
    whole = refresh_days(warehouse, [BEFORE, DAY], always=True)
    return [(f"{day}", mart.mart) for day, done in whole for mart in done if mart.written]


def test_marts_follow(scene: Open, tmp_path: Path) -> None:
    field, number, spelling = NUMBERS["evolux"]
    other = scene("evolux", BEFORE)
    other.put(other.thing(1), other.thing(2, minutes=-24 * 60))
    here = scene("evolux", BEFORE)
    here.put(*(here.thing(number, minutes=number) for number in range(1, 5)))
    put_caller(here, here.thing(9, minutes=9), field, spelling)
    here.at(NOON + timedelta(days=9))
    other.backfill(BEFORE, DAY)
    here.backfill(BEFORE, DAY)
    assert behind(here) == []

    here.put(here.thing(1, minutes=1, value=99))
    here.backfill(DAY)
    assert behind(here) == [], "one has changed"

    here.put(here.thing(2, minutes=-24 * 60))
    here.backfill(BEFORE, DAY)
    assert behind(here) == [], "one has moved to the day before"

    here.remove(here.thing(3, minutes=3))
    here.backfill(DAY)
    here.later(hours=7)
    here.backfill(DAY)
    assert here.query(
        "SELECT call_id FROM facts.calls WHERE account = :account AND missing_since IS NOT NULL"
    )
    assert behind(here) == [], "one is missing"

    here.query(
        f"UPDATE facts.calls SET duration_s = 1 WHERE account = :account AND call_date = '{DAY}'"
        " RETURNING call_id"
    )
    here.rebuild(DAY)
    assert behind(here) == [], "facts were rebuilt"

    forget.forget_person(open_site(here, tmp_path), Person(number))
    whole = refresh_days(here.system.warehouse, [BEFORE, DAY], always=True)
    assert not any(mart.written for _, done in whole for mart in done), "somebody is forgotten"


def test_rates_follow_what_is_asked_for(scene: Open) -> None:
    """Who asks for calls in which somebody talked learns of no other: all would be answered."""
    here = scene("conpeek", DAY)
    here.put(*(here.thing(number, minutes=number) for number in range(1, 5)))
    here.later(days=5)
    here.backfill(DAY)

    def told() -> tuple[bool, bool]:
        refresh_marts(here.system.warehouse)
        rate = "SELECT answer_rate IS NOT NULL FROM marts.calls_by_day WHERE account = :account"
        tells = "SELECT tells_abandoned FROM marts.accounts WHERE account = :account"
        return here.query(rate)[0][0], here.query(tells)[0][0]

    assert told() == (True, True)
    every = here.account
    here.account = every.model_copy(update={"options": ConpeekOptions(min_talking_time_s=1)})
    here.poll()
    assert told() == (False, False)
    here.account = every
    here.poll()
    assert told() == (True, True)
