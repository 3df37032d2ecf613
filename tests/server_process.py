"""Somebody else's server, in a process and a folder of its own, for the length of a block."""

import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from resources.embedded.ports import free_port

START_S = 10


class ServerProcess(ABC):
    """One that listens on `port`, and can be killed and started again meanwhile."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def launch(self, folder: Path) -> "subprocess.Popen[bytes]":
        """Its process; what it writes is in the folder."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether somebody who asks gets an answer."""

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        folder = Path(self._folder.name)
        log = folder / "log"
        self._process = self.launch(folder)
        deadline = time.monotonic() + START_S
        while not self.answers():
            said = log.read_text() if log.exists() else ""
            assert self._process.poll() is None, f"it has ended: {said}"
            assert time.monotonic() < deadline, f"it doesn't start: {said}"
            time.sleep(0.02)

    def kill(self) -> None:
        """Ends it at once, with all that is in it."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="server-")
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._folder.cleanup()
