"""The tiles: an account's figures at a glance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from resources.report.answers import Answer
from resources.report.shown import NOT_TOLD, count, length, share
from resources.report.trust import Trust

GRAINS = {
    "call": "calls",
    "ivr_session": "IVR sessions",
    "callback_request": "callback requests",
    "recorded_call": "recorded calls",
}
OFFERED = ("call", "callback_request")
"""Grains whose calls are offered to somebody, as far as their vendors tell."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure, what it is, and what is to be known of it."""

    label: str
    value: str
    note: str = ""

    @property
    def is_told(self) -> bool:
        """Whether there is a figure."""
        return self.value != NOT_TOLD


@dataclass(frozen=True, slots=True)
class Line:
    """The tiles of a grain and direction."""

    title: str
    tiles: Sequence[Tile]


@dataclass(frozen=True, slots=True)
class Card:
    """An account. `untrusted`: which of its days aren't to be trusted, in words."""

    account: str
    vendor: str
    state: str
    untrusted: str
    lines: Sequence[Line]


def cards(answer: Answer, trust: Trust) -> list[Card]:
    """A card an account."""
    return [
        Card(
            account,
            rows[0].vendor,
            trust.worst(account),
            trust.untrusted(account),
            [Line(_title(row), list(_tiles(row))) for row in rows if row.grain],
        )
        for account, group in groupby(answer.rows, key=lambda row: row.account)
        for rows in [list(group)]
    ]


def _title(row: Any) -> str:
    grain = GRAINS.get(row.grain, row.grain)
    known = row.direction != "unknown" and row.grain == "call"
    return f"{row.direction} {grain}".capitalize() if known else grain[:1].upper() + grain[1:]


def _tiles(row: Any) -> Iterator[Tile]:
    if row.grain in OFFERED:
        is_open = f"{count(row.open_calls)} still open" if row.open_calls else ""
        yield Tile("Offered", count(row.offered), is_open)
    else:
        yield Tile("Records", count(row.calls), "offered: not told")
    yield Tile("Answered", count(row.answered), _of(row.answer_rate))
    if row.direction == "outbound":
        yield Tile("Not answered", count(row.unanswered))
    else:
        yield Tile("Abandoned", count(row.abandoned), _of(row.abandonment_rate))
        yield Tile("Service level", share(row.service_level_20s), _known(row))
        yield Tile("ASA", length(row.asa_s))
    talked = f"{length(row.talk_s)} in all" if row.talk_s is not None else ""
    yield Tile("Average talk", length(row.avg_talk_s), talked)


def _of(rate: Any) -> str:
    return share(rate) if rate is not None else ""


def _known(row: Any) -> str:
    """Of how many calls the wait is known, where it isn't of all."""
    if row.service_level_20s is None or row.wait_known == row.answered:
        return ""
    return f"of {count(row.wait_known)} whose wait is known"
