"""A record that comes in several states in one read, on different pages.

Either it changed between two pages, or two rows have one key for good. The first time both states
become versions, in their order. From then on the states are known as each other's twins, and a read
that shows several of them changes nothing but once: the same one counts, whatever their order. One
that shows a twin alone shows a change.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.engine import Row

from assets.loading.landing.observation import Observation


@dataclass(slots=True)
class RecordStates:
    """What one read shows of a record with twins; decided when all of it has come."""

    head: str
    """Digest of the state that counts until now."""
    twins: frozenset[str]
    shown: dict[str, tuple[bytes, Observation]] = field(default_factory=dict)
    """By digest, each state with its bytes."""
    is_several: bool = False
    """It came in more than one state."""

    @classmethod
    def of(cls, row: Row[Any]) -> "RecordStates":
        """As `load/changed_records` tells what is stored."""
        return cls(row.old_digest.hex, frozenset(twin.hex for twin in row.twins))

    def add(self, digest: str, state: bytes, observation: Observation) -> None:
        """One more state, or one of them again."""
        came_before = observation.came_before and not self.shown  # in a state that has landed
        self.shown[digest] = (state, observation)
        self.is_several |= came_before or len(self.shown) > 1

    def decide(self) -> list[Observation]:
        """What is to be landed, in order: states that are new, and last the one that counts."""
        winner = min(self.shown, key=lambda digest: self.shown[digest][0])
        latest = max(observation.observed_at for _, observation in self.shown.values())
        known = {self.head, *self.twins}
        new = [digest for digest in self.shown if digest not in known and digest != winner]
        others = known.union(self.shown) - {winner} if self.is_several else set()
        return [
            replace(self.shown[digest][1], observed_at=latest, twins=tuple(sorted(others)))
            for digest in [*new, winner]
        ]
