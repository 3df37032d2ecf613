"""Debian's redis-server as a broker, with a password, for the length of a block."""

import shutil
import subprocess
from pathlib import Path

import pytest
import redis

from resources.embedded.ports import LOOPBACK
from tests.server_process import ServerProcess

PROGRAM = shutil.which("redis-server", path="/usr/bin:/usr/local/bin:/opt/homebrew/bin")
PASSWORD = "not/a+secret"
needs_redis = pytest.mark.skipif(
    PROGRAM is None, reason="redis-server isn't installed (apt-get install redis-server)"
)


class RedisServer(ServerProcess):
    """It keeps nothing on disk: what is killed has forgotten all."""

    def __init__(self, *addresses: str) -> None:
        super().__init__()
        self._addresses = (LOOPBACK, *addresses)

    def url(self, address: str = LOOPBACK) -> str:
        """As CALLHOUSE_BROKER_URL has it."""
        return (
            f"redis://:{PASSWORD.replace('/', '%2F').replace('+', '%2B')}@{address}:{self.port}/0"
        )

    def client(self) -> "redis.Redis":
        """Whoever looks into it."""
        return redis.Redis.from_url(self.url())

    def launch(self, folder: Path) -> "subprocess.Popen[bytes]":
        assert PROGRAM
        return subprocess.Popen(
            [
                PROGRAM, "--port", str(self.port), "--bind", *self._addresses,
                "--requirepass", PASSWORD, "--save", "", "--appendonly", "no",
                "--dir", str(folder), *self.options(),
            ],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def options(self) -> list[str]:
        """Whatever else it is told."""
        return []

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False
