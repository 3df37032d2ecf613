"""The words that the database knows are those of `sql.vocabulary`."""

import re

from resources.configuration.home import CHECKOUT
from resources.postgres.warehouse import Warehouse
from sql.mart import marts
from sql.vocabulary import LATE, Completeness, Direction, Disposition, Outcome
from tests.db.facts import query


def test_every_call_has_an_outcome_of_the_vocabulary(shared_warehouse: Warehouse) -> None:
    found = query(
        shared_warehouse,
        "SELECT DISTINCT facts.outcome(disposition, direction, is_final)"
        "  FROM unnest(CAST(:dispositions AS text[])) AS disposition,"
        "       unnest(CAST(:directions AS text[])) AS direction,"
        "       unnest(ARRAY[true, false]) AS is_final",
        dispositions=list(Disposition),
        directions=list(Direction),
    )
    assert {outcome for (outcome,) in found} == set(Outcome)


def test_the_docs_say_what_counts_as_what(shared_warehouse: Warehouse) -> None:
    """One definition: the table in the analysts' page of traps is what `outcome` says."""
    page = (CHECKOUT / "docs" / "analysts" / "traps.md").read_text(encoding="utf-8")
    [table] = re.findall(r"\| outcome \| dispositions \|\n(.*?)\n\n", page, re.DOTALL)
    said: set[tuple[str, bool, str]] = set()
    for outcomes, told in re.findall(r"^\| ([a-z_, ]+) \| (.+) \|$", table, re.MULTILINE):
        for words in told.split(";"):
            known = [w for w in re.findall("[a-z_]+", words.split(":")[0]) if w in set(Disposition)]
            sides = {True, False}
            if "if " in words:
                sides = {"if inbound" in words}
            for place, word in enumerate(known):
                outcome = outcomes.split(", ")[min(place, outcomes.count(","))]
                said |= {(word, side, outcome) for side in sides}
    found = query(
        shared_warehouse,
        "SELECT disposition, direction = 'inbound', facts.outcome(disposition, direction, true)"
        "  FROM unnest(CAST(:dispositions AS text[])) AS disposition,"
        "       unnest(ARRAY['inbound', 'outbound']) AS direction",
        dispositions=list(Disposition),
    )
    assert said == set(found)
    assert "whatever isn't final" in table
    [(open_ones,)] = query(
        shared_warehouse,
        "SELECT array_agg(DISTINCT facts.outcome(disposition, 'inbound', false))"
        "  FROM unnest(CAST(:dispositions AS text[])) AS disposition",
        dispositions=list(Disposition),
    )
    assert open_ones == ["open"]


def test_days_have_the_states_of_the_vocabulary(shared_warehouse: Warehouse) -> None:
    [(allowed,)] = query(
        shared_warehouse,
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'days_state_check'",
    )
    assert set(re.findall("'(.*?)'", allowed)) == set(Completeness)


def test_a_day_is_late_for_analysts_when_it_is_for_the_check() -> None:
    assert f"interval '{LATE}'" in marts()["trust_by_day"].statement
