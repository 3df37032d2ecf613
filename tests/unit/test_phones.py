"""E.164 only for what is a number."""

import pytest

from resources.vendor_api.phones import e164


@pytest.mark.parametrize(
    ("number", "country", "expected"),
    [
        ("266696687", "PL", "+48266696687"),
        ("0048 26 669 66 87", "PL", "+48266696687"),
        ("48266696687", "PL", "+48266696687"),
        ("+48 (26) 669-66-87", "PL", "+48266696687"),
        ("+266696687", "PL", None),  # what a plus makes a number of Lesotho, and too short for one
        ("+26622123456", "PL", "+26622123456"),
        ("tel:+48505550100;ext=12", "PL", "+48505550100"),
        ("3001234567", "CO", "+573001234567"),
        ("3001234567#101", "CO", "+573001234567"),
        ("3001234567;ext=101", "CO", "+573001234567"),
        ("3001234567x101", "CO", "+573001234567"),
        ("+57 300 123 4567 ext. 101", "CO", "+573001234567"),
        ("300 123 4567 anexo 101", "CO", "+573001234567"),
        ("(11) 99948-2052 ramal 12", "BR", "+5511999482052"),
        ("011999482052", "BR", "+5511999482052"),
        ("anonymous", "PL", None),
        ("sip:100@host", "PL", None),
        ("sip:3001234567@10.0.0.1", "CO", None),
        ("sup11999482052", "BR", None),
        ("11999482052 x", "BR", None),
        ("3001234567 Ana", "CO", None),
        ("*99", "PL", None),
        ("*673001234567", "CO", None),
        ("#3001234567", "CO", None),
        ("0", "PL", None),
        ("101", "CO", None),
        ("x101", "CO", None),
        ("3001234567,3001234568", "CO", None),
        ("3001234567/3001234568", "CO", None),
        ("", "CO", None),
        ("+", "CO", None),
    ],
)
def test_a_number_is_told_from_what_only_looks_like_one(
    number: str, country: str, expected: str | None
) -> None:
    assert e164(number, country) == expected
