"""Unix sockets of this machine that nobody but their owner can reach."""

import os
import tempfile
from pathlib import Path

from resources.errors import CallhouseError

LONGEST_PATH = 103
"""Of a socket, in bytes, on macOS; Linux takes 107."""
LONGEST_NAME = "tmp12345678"
"""Of a socket in the folder: that of a process of Dagster's has a temporary name."""


def private_folder() -> Path:
    """A new folder that is its owner's alone. It is no part of a home, whose path may be too long
    for sockets, or on a file system that has none.
    """
    for place in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 (the folder in it is private)
        longest = Path(place, "callhouse-12345678", LONGEST_NAME)
        if len(os.fsencode(longest)) <= LONGEST_PATH and os.access(place, os.W_OK):
            return Path(tempfile.mkdtemp(prefix="callhouse-", dir=place))
    raise CallhouseError("There is no place for a socket: let TMPDIR name a folder near the root.")
