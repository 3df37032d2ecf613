"""Recorded answers: `tests/fixtures/<vendor>/<report>.<status>.<case…>`, one file an answer."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from resources.http.auth import TOKEN
from tests.support import Reply

FIXTURES = Path(__file__).parents[1] / "fixtures"


@dataclass(frozen=True)
class Recording:
    """One answer as a vendor gave it."""

    path: Path

    @property
    def words(self) -> list[str]:
        """The parts of its name."""
        return self.path.name.split(".")

    @property
    def status(self) -> int:
        """HTTP's."""
        return int(self.words[1])

    @property
    def is_sample(self) -> bool:
        """Whether all of it must load: what a vendor sends when nothing is wrong."""
        return self.status == 200 and "sample" in self.words

    @cached_property
    def reply(self) -> Reply:
        """For the server that replays it."""
        return Reply(self.status, self.path.read_bytes())


def recordings_of(folder: Path, report: str, reports: set[str]) -> list[Recording]:
    """Those of `report`, and those of the vendor's that name none of its `reports`. What answers a
    request for an access token is neither.
    """
    found = [Recording(p) for p in sorted(folder.iterdir()) if not p.name.startswith(TOKEN)]
    return [
        recording
        for recording in found
        if report in recording.words or not reports & set(recording.words)
    ]
