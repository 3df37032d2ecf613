"""How long each kind of data is kept, as the environment says."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from resources.errors import ConfigurationError

RAW = "CALLHOUSE_RAW_RETENTION_DAYS"
FACTS = "CALLHOUSE_FACTS_RETENTION_DAYS"
AUDIO = "CALLHOUSE_AUDIO_RETENTION_DAYS"
REJECTS = "CALLHOUSE_REJECTS_RETENTION_DAYS"
LEDGER = "CALLHOUSE_LEDGER_RETENTION_DAYS"
LEDGER_DAYS = 90
MOST_DAYS = 365_000
"""Calendars don't go back much further."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Numbers of days. None: kept for ever.

    `raw` and `facts` are of business days; with the facts go raw and audio, which would bring them
    back. `rejects`: what they hold of records and bodies.
    """

    raw: int | None = None
    facts: int | None = None
    audio: int | None = None
    rejects: int | None = None
    ledger: int = LEDGER_DAYS

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Retention":
        """Raises ConfigurationError that names every variable which isn't a number of days."""
        environment = os.environ if environment is None else environment
        found = {
            name: environment.get(name, "").strip() for name in (RAW, FACTS, AUDIO, REJECTS, LEDGER)
        }
        faults = [
            f"{name}: {text[:40]!r} isn't a whole number of days, from 1 to {MOST_DAYS:,}"
            for name, text in found.items()
            if text and not _is_days(text)
        ]
        if faults:
            raise ConfigurationError(faults)
        days = {name: int(text) if text else None for name, text in found.items()}
        raw = min((n for n in (days[RAW], days[FACTS]) if n is not None), default=None)
        audio = min((n for n in (days[AUDIO], days[FACTS]) if n is not None), default=None)
        return cls(raw, days[FACTS], audio, days[REJECTS], days[LEDGER] or LEDGER_DAYS)


def _is_days(text: str) -> bool:
    return text.isdecimal() and len(text) <= len(str(MOST_DAYS)) and 1 <= int(text) <= MOST_DAYS


def first_kept(days: int | None, today: date) -> date:
    """The first business day that is kept."""
    return date.min if days is None else today - timedelta(days=days)


def first_loaded(today: date) -> date:
    """The first business day that is read by itself: of what is older, facts would be dropped
    again. A setting that can't be read keeps everything; the night says what is wrong with it.
    """
    try:
        return first_kept(Retention.from_environment().facts, today)
    except ConfigurationError:
        return date.min
