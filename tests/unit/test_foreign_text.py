"""Text of others can't format a page, call a channel, or move a cursor."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.text.foreign_text import (
    QUOTED,
    for_markdown,
    for_slack,
    for_terminal,
    quoted,
    sentence_for_markdown,
    short,
    without_numbers,
)

IMAGE = "![x](/graphql?query=mutation{wipeAssets})"


@pytest.mark.parametrize(
    "text",
    [
        "\x1b]0;title\x07",
        "\x1b[2J",
        "\x9b31m",
        "\x08\x08\x7f",
        "\r overwritten",
        "\u202egnp.exe",
        "\u2066x\u2069",
        "\u2028x",
    ],
)
def test_a_terminal_is_told_nothing_to_do(text: str) -> None:
    assert for_terminal(f"a\t{text}\nb").isprintable() or not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028]", for_terminal(text)
    )


def test_tabs_line_breaks_and_any_script_stay() -> None:
    text = "José\tŁódź\n日本 👩‍💻 مرحبا"
    assert for_terminal(text) == text


@given(st.text(max_size=60))
def test_markdown_has_nothing_left_to_mean(text: str) -> None:
    told = for_markdown(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]()<>!`*_]", told)
    assert re.sub(r"\\(.)", r"\1", told, flags=re.DOTALL).replace("\u2060", "") == (
        for_terminal(text).replace("\u2060", "")
    )


@pytest.mark.parametrize(
    "text", [IMAGE, "<img src=x>", "[a](javascript:x)", "https://evil.example", "www.evil.example"]
)
def test_markdown_links_nowhere_and_shows_no_image(text: str) -> None:
    told = for_markdown(text)
    assert "![" not in told
    assert "](" not in told
    assert "://" not in told
    assert "www." not in told
    assert not re.search(r"(?<!\\)<", told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("see `ops.rejects` (2 of 3)", "see `ops.rejects` (2 of 3)"),
        ("it says “![x](y)*” of [a](b)", r"it says “\!\[x\]\(y\)\*” of \[a\](b)"),
        ("cut off: “[a](b", r"cut off: “\[a\]\(b"),
        ("a key <img> with //x", r"a key \<img> with //x"),
    ],
)
def test_a_sentence_stays_readable_and_its_quotations_are_text(text: str, told: str) -> None:
    assert sentence_for_markdown(text) == told


@pytest.mark.parametrize(
    "text",
    ["<!channel>", "<!here|x>", "<@U123>", "<https://evil.example|bank>", "@channel", IMAGE],
)
def test_a_chat_calls_nobody_and_links_nowhere(text: str) -> None:
    told = for_slack(text)
    assert "<" not in told
    assert ">" not in told
    assert "://" not in told
    assert "](" not in told
    assert not re.search("(?<!\u2060)@", told)


@given(st.text())
def test_a_quotation_is_marked_short_and_on_one_line(text: str) -> None:
    told = quoted(text)
    assert told[0] == "“"
    assert told[-1] == "”"
    assert told.count("”") == 1
    assert len(told) <= QUOTED + 3
    assert len(told.splitlines()) == 1


def test_what_is_too_long_is_cut() -> None:
    assert short("a" * 5_000_000) == "a" * 2_000 + "… (cut: 5,000,000 characters)"
    assert len(quoted("x\n" * 5_000_000)) <= QUOTED + 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("the vendor says: “no user +57 300 123-4567”", "the vendor says: “no user +…”"),
        ("“3001234567 and (11) 98765-4321”", "“… and (…”"),
        ("12,345 records on 2026-03-10: “x”", "12,345 records on 2026-03-10: “x”"),
        ("cut off: “3001234567", "cut off: “…"),
        ("the record 3001234567 of 2026-03-10", "the record … of 2026-03-10"),
    ],
)
def test_an_alert_has_no_callers_number(text: str, told: str) -> None:
    assert without_numbers(text) == told


@pytest.mark.parametrize("number", ["+5511999480077", "(11) 99948-0077", "11%2099948%200077"])
def test_no_half_of_a_number_is_left_by_a_cut(number: str) -> None:
    """Whoever is forgotten couldn't be found by it."""
    for left in range(1, len(number)):
        begin = "x" * (QUOTED - left)
        assert quoted(f"{begin}{number}") in (f"“{begin}…”", f"“{begin}(…”")
        assert number[:7] not in quoted(" " * (QUOTED * 4 - left) + number)
        assert not re.search(r"[x(]\d", short(f"{begin}{number} was called", QUOTED))
    assert quoted("x" * (QUOTED - 14) + "+5511999480077").endswith("77”"), "whole, it stays"
    many = " ".join([number] * 100)
    for begin in ("x", "xy", "xyz"):
        assert not re.search(r"\d", quoted(f"{begin}: {many}")), "nor of one in a long list"
