"""Who was forgotten, kept outside of the database: a dump of before doesn't know."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Erasure:
    """A row of `ops.erasures`, with the `tail` of `ops.suppressed`: nothing of the person."""

    hash: str
    kind: str
    keeps_calls: bool
    tail: int | None
    began_at: datetime
    ended_at: datetime | None
    erased: Mapping[str, int]

    def as_row(self) -> dict[str, Any]:
        """As a statement takes it."""
        return asdict(self) | {"erased": json.dumps(dict(self.erased))}


class Register:
    """A file of lines of JSON, only ever added to."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, erasure: Erasure) -> None:
        """Writes a line, for good before it returns."""
        line = json.dumps(asdict(erasure), default=str)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a+b") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
            begin = "" if file.read() in (b"", b"\n") else "\n"  # a crash cut the last one off
            file.write(f"{begin}{line}\n".encode())
            file.flush()
            os.fsync(file.fileno())

    def erasures(self) -> Iterator[Erasure]:
        """What the lines say, the last one of each; one that a crash cut off is left out."""
        if not self._file.exists():
            return
        found: dict[tuple[str, str], Erasure] = {}
        for line in self._file.read_text(encoding="utf-8").splitlines():
            try:
                known = json.loads(line)
            except ValueError:
                continue
            moments = {
                name: known[name] and datetime.fromisoformat(known[name])
                for name in ("began_at", "ended_at")
            }
            found[known["hash"], known["began_at"]] = Erasure(**known | moments)
        yield from found.values()
