"""A number is found in whatever spelling, and nobody else's is."""

import pytest

from resources.forgotten import Forgotten, Hasher, HashKind, Suppressed

HASHER = Hasher(b"a secret")
CHILE, COLOMBIA, BRAZIL, POLAND = "+56987654321", "+573204567890", "+5511999482052", "+48505550100"


def forgotten(*numbers: str, keeps_calls: bool = False) -> Forgotten:
    rows = [
        Suppressed(HASHER.number(n), HashKind.NUMBER, keeps_calls, HASHER.tail(n)) for n in numbers
    ]
    return Forgotten(HASHER, rows)


SPELLINGS = [
    (CHILE, "CL", "+56987654321"),
    (CHILE, "CL", "56987654321"),
    (CHILE, "CL", "987654321"),
    (CHILE, "CL", "+56 9 8765 4321"),
    (CHILE, "CL", "(9) 8765-4321"),
    (CHILE, "CL", "0056 9 8765 4321"),
    (CHILE, "CL", "tel:+56-9-8765-4321"),
    (CHILE, "CL", "sip:987654321@pbx.example"),
    (CHILE, "CL", "600 / 987654321"),
    (CHILE, "CL", "987654321#101"),
    (CHILE, "CL", "sup987654321"),
    (CHILE, "CL", "https://x.example/?n=%2B56%209%208765%204321&m=1"),
    (CHILE, "CL", '{"a": [987654321, 1], "b": null}'),
    (CHILE, "CO", "+56987654321"),
    (CHILE, "CO", "56987654321"),
    (CHILE, "CL", "+56\u00a09\u20118765\u20114321"),
    (CHILE, "CL", "9_8765_4321"),
    (CHILE, "CL", "https://x.example/?n=9+8765+4321"),
    (CHILE, "CL", "+49 30 12 +56 9 8765 4321"),
    (CHILE, "CL", "\u202a+56\u200b9\u200b8765\u00ad4321\u202c"),
    (COLOMBIA, "CO", "93204567890"),
    (COLOMBIA, "CO", "3204567890"),
    (BRAZIL, "BR", "011999482052"),
    (BRAZIL, "BR", "(11) 99948-2052"),
    (BRAZIL, "BR", "0 21 11 99948-2052"),
    (POLAND, "PL", "2025-03-12 505 550 100"),
]


@pytest.mark.parametrize(("number", "country", "text"), SPELLINGS, ids=str)
def test_every_spelling_is_found_and_hidden(number: str, country: str, text: str) -> None:
    them = forgotten(number)
    assert them.first(text, country), text
    hidden = them.hide(text, country)
    assert len(hidden) == len(text)
    assert not them.first(hidden, country)
    assert number[-7:] not in hidden.replace(" ", "").replace("-", "")


OTHERS = [
    (CHILE, "CL", "987654322"),
    (CHILE, "CL", "+51987654321"),  # Peru
    (CHILE, "PE", "987654321"),
    (CHILE, "CL", "1987654321000"),
    (CHILE, "CL", "9876543210"),
    (CHILE, "CL", "8765 4321"),
    (CHILE, "CL", ""),
    (COLOMBIA, "CO", "3204567891 2025-03-12 15:00:00 320 456"),
]


@pytest.mark.parametrize(("number", "country", "text"), OTHERS, ids=str)
def test_others_are_left_alone(number: str, country: str, text: str) -> None:
    them = forgotten(number)
    assert not them.first(text, country)
    assert them.hide(text, country) == text


def test_of_several_the_one_whose_calls_go_counts() -> None:
    them = Forgotten(
        HASHER,
        [
            Suppressed(HASHER.number(CHILE), HashKind.NUMBER, True, HASHER.tail(CHILE)),
            Suppressed(HASHER.number(COLOMBIA), HashKind.NUMBER, False, HASHER.tail(COLOMBIA)),
        ],
    )
    found = them.first(f"{CHILE} called {COLOMBIA}", "CL")
    assert found
    assert found.hash == HASHER.number(COLOMBIA)
    assert them.hide(f"{CHILE} called {COLOMBIA}", "CL") == "+*********** called +************"


def test_nobody_forgotten_costs_nothing() -> None:
    assert not forgotten()
    assert forgotten().first(CHILE, "CL") is None
