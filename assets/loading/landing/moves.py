"""Records that an answer shows on another day than where they are known.

Each has moved, or is another record under the same key: an id may start again every day. What its
day shows now decides. Until that has been read, nothing of it is written.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from assets.loading.account_stream import AccountStream, is_report
from assets.loading.landing.item import Item
from assets.loading.landing.mapping import start_day
from assets.loading.landing.observation import Observation
from resources.errors import ContractError
from resources.vendor_api.vendor import AnyStream


@dataclass(slots=True)
class Moves:
    """What one read shows elsewhere than it was."""

    source: AccountStream[AnyStream]
    _held: dict[tuple[str, str], Observation] = field(default_factory=dict)
    """By key and digest, in their order."""
    _left: defaultdict[date, dict[str, date]] = field(default_factory=lambda: defaultdict(dict))
    """By the day that they seem to have left, their keys and the days where they are now."""
    _two: dict[date, int] = field(default_factory=dict)
    """By day, how many records are still where they were."""
    is_decided: bool = False

    def hold(self, items: Sequence[Item]) -> list[Item]:
        """Keeps back those that seem to have moved; returns the others. What a full read has missed
        in its day has moved, and so has a record that is as it was: our view of its day changed.
        """
        if self.is_decided or not is_report(self.source):
            return list(items)
        others = []
        for item in items:
            left, to = item.old_date, item.call_date
            if left and to and left != to and item.is_new_version and not item.was_missing_since:
                self._held[item.key, item.digest] = item.observation
                self._left[left][item.key] = to
            else:
                others.append(item)
        return others

    @property
    def open_days(self) -> list[date]:
        """Days to be read before the rest of the read can be written."""
        return [] if self.is_decided else sorted(self._left)

    def add(self, day: date, observation: Observation) -> None:
        """Counts what a day shows that records seem to have left."""
        if observation.key in self._left[day] and day == self._start_day(observation):
            self._two[day] = self._two.get(day, 0) + 1

    def decide(self) -> list[Observation]:
        """What has moved, to be landed now. Raises ContractError when a record is still where it
        was: then two have one key, and neither may take the other's place.
        """
        if self._two:
            day = max(self._two)
            to = ", ".join(str(other) for other in sorted(set(self._left[day].values()))[:3])
            raise ContractError(
                f"{self.source.stream.name}: {self._two[day]:,} record(s) of {to} have the ids of "
                f"others, which {day} still shows: ids repeat from day to day, and one call must "
                "not take another's place. Nothing was moved, and what has such an id isn't "
                "loaded. Ask the vendor for ids that are unique over all days, or have the "
                "vendor's module take the day into the stream's key"
            )
        self.is_decided = True
        return list(self._held.values())

    def _start_day(self, observation: Observation) -> date | None:
        return start_day(observation.record, self.source, observation.observed_at)
