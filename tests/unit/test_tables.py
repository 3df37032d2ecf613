"""Tables of the command line: no value vanishes, however narrow the screen is."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from pipelines.commands import console

Screen = Callable[[int], io.StringIO]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """What is printed, on one of so many columns."""

    def open_one(width: int) -> io.StringIO:
        page = io.StringIO()
        monkeypatch.setattr(console, "out", Console(file=page, width=width, **console.PLAIN))
        return page

    return open_one


@pytest.mark.parametrize(("columns", "width"), [(38, 80), (12, 40), (70, 200)])
def test_a_table_that_is_too_wide_has_a_line_a_value(
    screen: Screen, columns: int, width: int
) -> None:
    page = screen(width)
    names = [f"col_{n}" for n in range(columns)]
    console.table(names, [range(100, 100 + columns), [None] * columns])
    lines = [line.strip("│ \n").split("│") for line in page.getvalue().splitlines() if "│" in line]
    shown = [[text.strip() for text in line] for line in lines]
    assert shown[:columns] == [[name, str(100 + n)] for n, name in enumerate(names)]
    assert shown[columns:] == [[name] for name in names]


@pytest.mark.parametrize("width", [30, 40, 60])
def test_a_column_is_folded_only_as_long_as_figures_are_whole(screen: Screen, width: int) -> None:
    page = screen(width)
    console.table(("account", "calls", "why"), [("demo-evolux", 1_234_567, "not read " * 9)])
    assert "1,234,567" in page.getvalue()


def test_a_table_that_fits_is_one(screen: Screen) -> None:
    page = screen(30)
    console.table(("account", "calls"), [("demo-evolux", 1_234)])
    assert page.getvalue().splitlines()[1:4:2] == [
        "┃ account     ┃ calls ┃",
        "│ demo-evolux │ 1,234 │",
    ]


def test_a_table_shows_texts_and_names_as_they_are(screen: Screen) -> None:
    page = screen(80)
    console.table(("[b]name", ":warning:"), [("[red]x[/]", ":smile: \\[y]")])
    for text in ("[b]name", ":warning:", "[red]x[/]", ":smile: \\[y]"):
        assert text in page.getvalue()


def test_a_sentence_is_as_it_is(screen: Screen) -> None:
    page = screen(80)
    console.say("[b]x :100: y")
    assert page.getvalue() == "[b]x :100: y\n"
