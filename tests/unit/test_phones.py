"""E.164 only for what is a number."""

import random

import phonenumbers
import pytest

from resources.vendor_api import phones
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
        ("⑴3001234567", "CO", None),
        ("²1929485552", "BR", None),
        ("٣٠٠١٢٣٤٥٦٧", "CO", "+573001234567"),
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


COUNTRIES = ["AR", "BR", "CL", "CO", "DE", "ES", "GB", "MX", "PE", "PL", "PT", "US"]
OF_OTHER_METADATA = 1 / 2_000
"""What may differ: the two libraries' tables of ranges are a few weeks apart."""


def spellings(dice: random.Random) -> list[tuple[str, str]]:
    """Example numbers of all countries, as they are written there; and random digits."""
    numbers = []
    for country in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in range(11):
            if example := phonenumbers.example_number_for_type(country, kind):
                shown = [phonenumbers.format_number(example, form) for form in range(3)]
                numbers += [(number, country) for number in shown]
    for country in COUNTRIES:
        for _ in range(400):
            digits = "".join(dice.choices("0123456789", k=dice.randint(5, 13)))
            numbers.append((dice.choice(["", "+", "00", "0", "tel:"]) + digits, country))
    return numbers


def test_the_compiled_library_says_what_the_one_says_that_it_is_a_port_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = spellings(random.Random(1))
    found = [e164.__wrapped__(*number) for number in numbers]
    monkeypatch.setattr(phones, "phonenumbers", phonenumbers)
    right = [e164.__wrapped__(*number) for number in numbers]
    different = [n for n, a, b in zip(numbers, found, right, strict=True) if a != b]
    assert len(different) <= len(numbers) * OF_OTHER_METADATA, different
    assert sum(number is not None for number in found) > len(numbers) / 3
