"""What masks hide of numbers, however they are written, and from whom."""

import psycopg
from psycopg import sql as identifiers

from resources.postgres.roles import ANALYST
from resources.postgres.warehouse import Warehouse
from tests.db.facts import DAY, put_call, query
from tests.db.test_roles import NUMBER, login

NUMBERS = {
    "+573205551234": "+57320555****",
    "3001234567": "300123****",
    "+5511912345678": "+55119123*****",
    "3001234567#101": "300123****#***",
    "3001234567 (22)": "300123**** (**)",
    "3001234567,,101#": "300123****,,***#",
    "(57) 300 123-4567": "(57) 300 123-****",
    "+57 300 1234567 ": "+57 300 123**** ",
    "300.123.45.67": "300.123.**.**",
    "123456789012345": "12345678*******",
    "12345678#1234": "1234****#****",
    "*67 3001234567": "*** **********",
    "5050": "5050",
    "#101": "#101",
    "123456": "12****",
    "5050#5051": "****#****",
    "sip:3001234567@host": "****",
    "Ana": "****",
    "٣٠٠١٢٣٤٥٦٧": "****",
    "3001234567\n": "****",
}
TEXTS = {
    "the caller hung up": "the caller hung up",
    "asked for 300 123 4567 (22), twice": "asked for *** *** **** (**), twice",
    "call +573205551234 back": "call +************ back",
    "lacks 1,234,567 of 20 records since 2026-03-10 12:30:00+00": None,
    "no. 12 of 2026-03-10 and 2026-03-11": None,
    "3001-23-4567": "****-**-****",
    "101 in queue 5": None,
}


def test_masks_hide_digits_wherever_they_stand(warehouse: Warehouse) -> None:
    for given, shown in NUMBERS.items():
        assert query(warehouse, "SELECT masked.number(:n)", n=given) == [(shown,)], given
    for given, expected in TEXTS.items():
        told = query(warehouse, "SELECT masked.numbers(:t)", t=given)
        assert told == [(given if expected is None else expected,)]


def test_nobody_sees_a_number_through_functions_of_their_own(
    warehouse: Warehouse, database_url: str
) -> None:
    """A schema before pg_catalog, with functions that let everything through."""
    warehouse.make_days({DAY})
    with warehouse.transaction() as c:
        put_call(c, "1", from_number=NUMBER, to_number=f"{NUMBER}#12", end_reason=f"to {NUMBER}")
    with login(database_url, ANALYST) as connection:
        assert connection.info.user
        user = identifiers.Identifier(connection.info.user)
        with psycopg.connect(database_url) as admin:
            admin.execute(identifiers.SQL("CREATE SCHEMA mine AUTHORIZATION {}").format(user))
        for function, arguments in OWN_FUNCTIONS.items():
            connection.execute(
                f"CREATE FUNCTION mine.{function}({arguments}) RETURNS text LANGUAGE sql IMMUTABLE"
                " AS 'SELECT $1'"
            )
        connection.execute("SET search_path = mine, pg_catalog")
        for calls in ("masked.calls", f"masked.calls_between('{DAY}', '{DAY}'::date + 1)"):
            row = connection.execute(f"SELECT from_number, to_number, end_reason FROM {calls}")
            assert row.fetchone() == ("+57320555****", "+57320555****#**", "to +************")


OWN_FUNCTIONS = {
    "left": "text, integer",
    "substr": "text, integer",
    "regexp_replace": "text, text, text, text",
    "textcat": "text, text",
}
