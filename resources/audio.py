"""Where audio is kept: a folder, or an object store."""

import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import NamedTemporaryFile, gettempdir
from typing import IO, Any

from resources.configuration.home import Home
from resources.errors import TransientError
from resources.stores.places import chosen_store, file_at
from resources.stores.store import Removal

AUDIO = "CALLHOUSE_AUDIO_URL"
KIND = "audio/mpeg"
INCOMING = ".callhouse-incoming-"
LONGEST_READABLE = 60
"""Characters: with the digest and a suffix it is less than any file system takes."""
ABANDONED_S = 86_400
"""No download takes so long: a file that nobody has written to since is a killed worker's."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that has been put away."""

    uri: str
    sha256: str
    size_bytes: int


class AudioStore:
    """What audio is put into: `CALLHOUSE_AUDIO_URL`, a folder, `s3://bucket/prefix` or any URL of
    fsspec's; else the folder `audio` of Callhouse's home. Raises ConfigurationError.
    """

    def __init__(self) -> None:
        self.store = chosen_store(AUDIO, Home.from_environment().audio)

    @contextmanager
    def incoming(self) -> Iterator[IO[bytes]]:
        """A file to write to, gone at the end unless kept; on the folder's own disk.

        Sweeps away what killed workers have left there.
        """
        folder = self.store.folder or Path(gettempdir())
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _sweep(folder)
            file = NamedTemporaryFile(dir=folder, prefix=INCOMING, delete=False)  # noqa: SIM115
        except OSError as error:
            raise TransientError(f"audio can't be kept at {folder}: {error}") from None
        try:
            with file:
                yield file.file
        finally:
            Path(file.name).unlink(missing_ok=True)

    def keep(self, file: IO[bytes], path: str) -> Kept:
        """Puts an incoming file away as `path`, whole or not at all, over whatever was there.

        Raises TransientError: one account's audio waits, nothing else.
        """
        try:
            file.flush()
            os.fsync(file.fileno())
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            sha256 = hashlib.file_digest(_readable(file), "sha256").hexdigest()
            return Kept(self.store.put(file, path, KIND), sha256, size)
        except (OSError, TransientError) as error:
            raise TransientError(f"audio can't be kept: {error}") from None

    def kept(self, path: str) -> Kept | None:
        """A file that is there already: whoever put it away was killed before it could say so, or
        what said so is gone. Raises TransientError.
        """
        content = self.store.read(path)
        if content is None:
            return None
        uri = self.store.write(content, path, KIND)
        return Kept(uri, hashlib.sha256(content).hexdigest(), len(content))

    def remove_of(self, account: str, day: date, key: str) -> Removal:
        """Deletes a record's file from its place, though nothing may name it: a worker was killed
        before it could, or what named it is gone. Raises TransientError.
        """
        return self.store.remove(place_of(account, day, key))

    @staticmethod
    def exists(uri: str) -> bool:
        """Whether a file is where its URI says. Raises TransientError when its store is away."""
        store, name = file_at(uri)
        return store.exists(name)

    @staticmethod
    def remove(uri: str) -> Removal:
        """Deletes a file that was kept, wherever its URI says.

        Raises TransientError when its store doesn't let go of it.
        """
        store, name = file_at(uri)
        return store.remove(name)


def place_of(account: str, day: date, key: str) -> str:
    """Where a record's file is put: it follows from the record alone."""
    return f"{account}/{day:%Y/%m/%d}/{file_name(key)}.mp3"


def file_name(key: str) -> str:
    """A name for a record's file that no other key has, on no file system: a part of the key, for
    people, and a digest of all of it.
    """
    readable = re.sub("[^0-9a-z]+", "-", key.lower())[:LONGEST_READABLE].strip("-")
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    return f"{readable}-{digest}" if readable else digest


def _sweep(folder: Path) -> None:
    for file in folder.glob(f"{INCOMING}*"):
        with suppress(OSError):  # another worker was quicker, or it is somebody else's
            if time.time() - file.stat().st_mtime > ABANDONED_S:
                file.unlink()


def _readable(file: IO[bytes]) -> Any:
    """Typing has no name for what `file_digest` wants."""
    return file
