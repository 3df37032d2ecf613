"""What every store of files does."""

from enum import StrEnum
from pathlib import Path
from typing import IO, Protocol


class Removal(StrEnum):
    """What became of a file that was to be deleted."""

    DELETED = "deleted"
    NOT_THERE = "not there"
    VERSION_STAYS = "an older version stays"
    """The bucket keeps versions: the content is there until the bucket's own rules delete it."""


class Store(Protocol):
    """Files by their path in it. Whoever reads one finds all of it, or nothing.

    All of it raises TransientError, which says what to do, when the store is away or refuses.
    """

    @property
    def folder(self) -> Path | None:
        """Where it is on this host, if it is a folder."""

    def put(self, file: IO[bytes], path: str, kind: str) -> str:
        """Puts a named file there, over whatever was there, as media type `kind`; returns its URI.
        In a folder it is moved, from the same disk.
        """

    def write(self, content: bytes, path: str, kind: str) -> str:
        """The same of what is in memory."""

    def read(self, path: str) -> bytes | None:
        """None: it isn't there."""

    def exists(self, path: str) -> bool:
        """Whether it is there."""

    def remove(self, path: str) -> Removal:
        """Deletes it."""
