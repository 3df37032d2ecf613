"""Values as people read them, and as the page's script does."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from resources.text.foreign_text import for_terminal

NOT_TOLD = "not told"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value in a table."""

    text: str
    is_figure: bool = False


def cell(value: Any) -> Cell:
    """A column's value; of a vendor's text no character that turns or hides others."""
    if value is None:
        return Cell(NOT_TOLD)
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    if isinstance(value, int | Decimal):
        return Cell(f"{value:,}", is_figure=True)
    if isinstance(value, float):
        return Cell(f"{value:,.3f}".rstrip("0").rstrip("."), is_figure=True)
    if isinstance(value, datetime):
        return Cell(f"{value:%Y-%m-%d %H:%M}")
    return Cell(for_terminal(str(value)))


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return for_terminal(value) if isinstance(value, str) else value


def count(value: Any) -> str:
    """A number of things."""
    return NOT_TOLD if value is None else f"{int(value):,}"


def share(value: Any) -> str:
    """0 to 1 as a percentage."""
    return NOT_TOLD if value is None else f"{float(value) * 100:.1f} %"


def length(value: Any) -> str:
    """Seconds; as minutes and seconds, or hours, where they are many."""
    if value is None:
        return NOT_TOLD
    seconds = float(value)
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02} min"
    return f"{minutes / 60:,.1f} h"
