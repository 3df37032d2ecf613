"""Where audio is kept: a folder, or an object store that fsspec knows."""

import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile, gettempdir
from typing import IO, Any

from resources.configuration.home import Home
from resources.errors import ConfigurationError, TransientError

AUDIO = "CALLHOUSE_AUDIO_URL"
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
    """`url` is a folder or any URL of fsspec's (`s3://bucket/prefix`; needs its package)."""

    def __init__(self, url: str) -> None:
        try:
            self._files, self._root = _store(url)
        except (ImportError, ValueError) as error:
            raise ConfigurationError([f"{AUDIO}: {error}"]) from None
        self._is_local = "file" in self._files.protocol

    @classmethod
    def from_environment(cls) -> "AudioStore":
        """`CALLHOUSE_AUDIO_URL`, else the folder `audio` of Callhouse's home."""
        chosen = os.environ.get(AUDIO)
        return cls(chosen or str(Home.from_environment().audio))

    @contextmanager
    def incoming(self) -> Iterator[IO[bytes]]:
        """A file to write to, gone at the end unless kept; on the folder's own disk.

        Sweeps away what killed workers have left there.
        """
        folder = Path(self._root if self._is_local else gettempdir())
        with _sayable(self._root):
            folder.mkdir(parents=True, exist_ok=True)
            _sweep(folder)
            file = NamedTemporaryFile(dir=folder, prefix=INCOMING, delete=False)  # noqa: SIM115
        try:
            with file:
                yield file.file
        finally:
            Path(file.name).unlink(missing_ok=True)

    def keep(self, file: IO[bytes], path: str) -> Kept:
        """Puts an incoming file away as `path`, whole or not at all, over whatever was there."""
        target = f"{self._root.rstrip('/')}/{path}"
        with _sayable(target):
            file.flush()
            os.fsync(file.fileno())
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            sha256 = hashlib.file_digest(_readable(file), "sha256").hexdigest()
            if self._is_local:
                Path(target).parent.mkdir(parents=True, exist_ok=True)
                Path(str(file.name)).replace(target)
            else:
                self._files.put_file(str(file.name), target)
        return Kept(self._files.unstrip_protocol(target), sha256, size)

    @staticmethod
    def exists(uri: str) -> bool:
        """Whether a file is where its URI says. Raises TransientError when its store is away."""
        with _sayable(uri):
            files, path = _store(uri)
            return bool(files.exists(path))

    @staticmethod
    def remove(uri: str) -> bool:
        """Deletes a file that was kept, wherever its URI says; False if it isn't there any more.

        Raises TransientError when its store doesn't let go of it.
        """
        with _sayable(uri):
            files, path = _store(uri)
            try:
                files.rm_file(path)
            except FileNotFoundError:
                return False
        return True


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


def _store(url: str) -> tuple[Any, str]:
    """A file system of fsspec's, and the path in it. Raises ImportError, ValueError."""
    import fsspec  # slow to import, and few accounts load audio

    files, path = fsspec.core.url_to_fs(url)
    return files, path


def _readable(file: IO[bytes]) -> Any:
    """Typing has no name for what `file_digest` wants."""
    return file


@contextmanager
def _sayable(where: str) -> Iterator[None]:
    """A full disk or a store that is away passes: one account's audio waits, nothing else. So does
    one whose package isn't installed here.
    """
    try:
        yield
    except (OSError, ImportError, ValueError) as error:
        raise TransientError(f"audio can't be kept at {where}: {error}") from None
