"""The row of all agents' totals, which some servers put among those of the agents."""

import re
from dataclasses import replace
from typing import Any

from resources.vendor_api.values import digits
from resources.vendor_api.vendor import Page

TOTALS = re.compile(r"(?i)\s*(grand |gran )?total(es|s)?( general| agente?s?)?\s*:?\s*")
LEFT_OUT = "a row of all agents' totals was left out"
NO_SUM = "a row is called as totals are, but isn't the sum of the others: it counts as an agent"


def without_totals(page: Page) -> Page:
    """The page without the row, which a remark tells of."""
    rows = list(page.records)
    named = [row for row in rows if _is_called_total(row)]
    if len(named) == 1 and _is_sum(named[0], rows):
        rest = [row for row in rows if row is not named[0]]
        found = page.total - 1 if page.total == len(rows) else page.total
        return replace(page, records=rest, total=found, remark=LEFT_OUT)
    return replace(page, remark=NO_SUM) if named else page


def _is_called_total(row: Any) -> bool:
    return isinstance(row, dict) and bool(TOTALS.fullmatch(str(row.get("agent_name"))))


def _is_sum(total: Any, rows: list[Any]) -> bool:
    """Whether one of the rows is no agent, but the sum of all others."""
    whole, calls = _count_of(total), [_count_of(row) for row in rows]
    if not whole or None in calls:
        return False
    return len(rows) > 1 and sum(filter(None, calls)) == 2 * whole


def _count_of(row: Any) -> int | None:
    """A row's calls, as they are written for people, too; none where nothing is written."""
    calls = row.get("calls") or 0 if isinstance(row, dict) else ""
    value = (calls if isinstance(calls, str) else digits(calls)).strip()
    if re.fullmatch(r"\d{1,3}([.,]\d{3})+", value, re.ASCII):
        value = re.sub(r"\D", "", value)
    return int(value) if re.fullmatch(r"\d{1,9}", value, re.ASCII) else None
