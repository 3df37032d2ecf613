"""The banner above the report: whether its days may be trusted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any

from resources.report.answers import Answer, Selection
from resources.text.foreign_text import for_terminal
from sql.vocabulary import Trusted

STATES = tuple(reversed(Trusted))
"""The worst first."""
WORDS = {
    Trusted.TRUSTED: "trusted",
    Trusted.PROVISIONAL: "may still change",
    Trusted.NOT_READ: "not read whole",
    Trusted.WRONG: "wrong",
}
SIGNS = {
    Trusted.TRUSTED: "●",
    Trusted.PROVISIONAL: "◐",
    Trusted.NOT_READ: "○",
    Trusted.WRONG: "✕",
}
MOST_SHOWN = 31
"""Days that fit beside each other."""
MOST_REASONS = 30


@dataclass(frozen=True, slots=True)
class Reason:
    """Days of an account that aren't trusted for one reason."""

    account: str
    state: str
    days: str
    why: str


@dataclass(frozen=True)
class Trust:
    """What `marts.trust_by_day` says of the report's days."""

    answer: Answer
    selection: Selection

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(row.trust for row in self.answer.rows)

    @property
    def state(self) -> str:
        """The worst of all."""
        if self.answer.error or not self.answer.rows:
            return "not_read"
        return next(state for state in STATES if self._counts[state])

    @property
    def headline(self) -> str:
        """One sentence."""
        if self.answer.error:
            return "Whether these days may be trusted isn't known: the query failed."
        counts = self._counts
        if not counts:
            return "No account is loaded for these days: there is nothing to see."
        total = sum(counts.values())
        if self.state == "trusted":
            return "All figures are of days that were read whole: they may be trusted."
        parts = [f"{counts[state]:,} {WORDS[state]}" for state in STATES[:-1] if counts[state]]
        return (
            f"Not all of it is final: of {total:,} account days {counts['trusted']:,} are trusted, "
            f"{', '.join(parts)}."
        )

    @property
    def days(self) -> list[date]:
        """Those that are shown one by one: none where they are too many."""
        number = (self.selection.last - self.selection.first).days + 1
        if number > MOST_SHOWN or not self.answer.rows:
            return []
        return [self.selection.first + timedelta(days=n) for n in range(number)]

    @cached_property
    def by_account(self) -> Mapping[str, Mapping[date, str]]:
        """The state of each day, by account."""
        found: dict[str, dict[date, str]] = {}
        for row in self.answer.rows:
            found.setdefault(row.account, {})[row.call_date] = row.trust
        return found

    def worst(self, account: str) -> str:
        """The account's worst state."""
        states = set(self.by_account.get(account, {}).values())
        return next((state for state in STATES if state in states), "not_read")

    def untrusted(self, account: str) -> str:
        """How many of the account's days aren't to be trusted, in words; '' if all are."""
        states = Counter(self.by_account.get(account, {}).values())
        counted = [f"{states[state]} {WORDS[state]}" for state in STATES[:-1] if states[state]]
        return f"of {states.total()} days: {', '.join(counted)}" if counted else ""

    @property
    def reasons(self) -> list[Reason]:
        """Why, the worst first; days in a row that have the same reason are one."""
        bad = [row for row in self.answer.rows if row.trust != "trusted"]
        runs = [_reason(list(rows)) for rows in _in_a_row(bad)]
        return sorted(runs, key=lambda run: (STATES.index(run.state), run.account, run.days))

    @property
    def most_reasons(self) -> int:
        """How many of them are shown."""
        return MOST_REASONS


def _in_a_row(rows: Sequence[Any]) -> list[list[Any]]:
    grouped = groupby(
        enumerate(rows),
        key=lambda pair: (
            pair[1].account,
            pair[1].trust,
            pair[1].why,
            pair[1].call_date - timedelta(days=pair[0]),
        ),
    )
    return [[row for _, row in pairs] for _, pairs in grouped]


def _reason(rows: Sequence[Any]) -> Reason:
    first, last = rows[0], rows[-1]
    days = f"{first.call_date}"
    if len(rows) > 1:
        days = f"{first.call_date} to {last.call_date}"
    return Reason(first.account, first.trust, days, for_terminal(first.why or ""))
