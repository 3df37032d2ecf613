"""Small text files: read without waiting, and never more than fits; written whole or not at all."""

import os
import stat
import tempfile
from pathlib import Path

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read_text(path: Path, most: int) -> str:
    """The text of a regular file (or a link to one) of at most `most` bytes, in UTF-8.

    A byte order mark is left out. Raises ValueError, which says what is wrong and quotes nothing.
    """
    try:
        # A pipe that nobody writes to would wait for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(mode := os.fstat(handle).st_mode):
                raise ValueError(f"expected a file, it is {KINDS.get(stat.S_IFMT(mode), 'none')}")
            with open(handle, "rb", closefd=False) as file:
                content = file.read(most + 1)
        finally:
            os.close(handle)
    except OSError as error:
        raise ValueError(error.strerror or "can't be read") from None
    if len(content) > most:
        raise ValueError(f"is larger than {most:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("isn't text in UTF-8") from None


def write(path: Path, content: str | bytes) -> None:
    """Replaces the file at once, for its owner alone: who reads it, also after a kill or a power
    cut, finds the old content or the new one. Text is UTF-8.
    """
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(handle)
    Path(unfinished).replace(path)
