"""Debian's redis-server as a broker, with a password, for the length of a block."""

import shutil
import subprocess
import tempfile
import time
from types import TracebackType
from typing import Self

import pytest
import redis

from resources.embedded.ports import LOOPBACK, free_port

PROGRAM = shutil.which("redis-server", path="/usr/bin:/usr/local/bin:/opt/homebrew/bin")
PASSWORD = "not/a+secret"
needs_redis = pytest.mark.skipif(
    PROGRAM is None, reason="redis-server isn't installed (apt-get install redis-server)"
)


class RedisServer:
    """It keeps nothing on disk: what is killed has forgotten all."""

    def __init__(self, *addresses: str) -> None:
        self.port = free_port()
        self._addresses = (LOOPBACK, *addresses)
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, address: str = LOOPBACK) -> str:
        """As CALLHOUSE_BROKER_URL has it."""
        return (
            f"redis://:{PASSWORD.replace('/', '%2F').replace('+', '%2B')}@{address}:{self.port}/0"
        )

    def client(self) -> "redis.Redis":
        """Whoever looks into it."""
        return redis.Redis.from_url(self.url())

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        assert PROGRAM
        self._process = subprocess.Popen(
            [
                PROGRAM, "--port", str(self.port), "--bind", *self._addresses,
                "--requirepass", PASSWORD, "--save", "", "--appendonly", "no",
                "--dir", self._folder.name, *self.options(),
            ],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 10
        while not self._answers():
            assert time.monotonic() < deadline, "redis-server doesn't start"
            time.sleep(0.02)

    def options(self) -> list[str]:
        """Whatever else it is told."""
        return []

    def kill(self) -> None:
        """Ends it at once, with all that is in it."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="redis-")
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
