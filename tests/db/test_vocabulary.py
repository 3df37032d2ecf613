"""The words that the database knows are those of `sql.vocabulary`."""

import re

from resources.warehouse import Warehouse
from sql.vocabulary import Completeness, Direction, Disposition, Outcome
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


def test_days_have_the_states_of_the_vocabulary(shared_warehouse: Warehouse) -> None:
    [(allowed,)] = query(
        shared_warehouse,
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'days_state_check'",
    )
    assert set(re.findall("'(.*?)'", allowed)) == set(Completeness)
