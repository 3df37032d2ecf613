"""Other hosts on this machine: network namespaces, each with a cable to this one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from resources.configuration.home import CHECKOUT
from resources.embedded.ports import LOOPBACK

IP = shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin")


def why_not() -> str | None:
    """Why there can be no other hosts here; None where they can."""
    if IP is None:
        return "iproute2 isn't installed (apt-get install iproute2)"
    name = f"callhouse-try-{os.getpid()}"
    made = subprocess.run([IP, "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"network namespaces aren't allowed here: {made.stderr.strip()}"
    subprocess.run([IP, "netns", "delete", name], check=True)
    return None


def _ip(*words: str) -> None:
    assert IP
    subprocess.run([IP, *words], check=True)


class Host:
    """A network namespace. This host is `gateway` to it, and has nothing else in common with it
    than what listens there; the vendors, who are asked over HTTP on loopback alone, it reaches by a
    tunnel.
    """

    def __init__(self, number: int, services: Sequence[int], tunnels: Sequence[int]) -> None:
        self.name = f"callhouse-{os.getpid()}-{number}"
        network = f"10.{128 + os.getpid() % 100}.{os.getpid() // 100 % 250}"
        self.gateway = f"{network}.{4 * number + 1}"
        self._address = f"{network}.{4 * number + 2}"
        self._cable = f"ch{os.getpid() % 100_000}-{number}"
        self._services = (*services, *tunnels)
        self._tunnels = tunnels
        self._made = ExitStack()

    @property
    def prefix(self) -> list[str]:
        """Before a command: it runs on that host."""
        assert IP
        return [IP, "netns", "exec", self.name]

    def cut(self) -> None:
        """Pulls the cable."""
        _ip("link", "set", self._cable, "down")

    def mend(self) -> None:
        """Plugs it in again."""
        _ip("link", "set", self._cable, "up")

    def __enter__(self) -> Self:
        with ExitStack() as made:  # what was made goes again where a later step fails
            _ip("netns", "add", self.name)
            made.callback(_ip, "netns", "delete", self.name)
            ends = ["type", "veth", "peer", "name", "eth0", "netns", self.name]
            _ip("link", "add", self._cable, *ends)
            # With the namespace it would go some time later: the next host's has its name.
            made.callback(_ip, "link", "delete", self._cable)
            _ip("address", "add", f"{self.gateway}/30", "dev", self._cable)
            _ip("link", "set", self._cable, "up")
            for words in (
                ["address", "add", f"{self._address}/30", "dev", "eth0"],
                ["link", "set", "eth0", "up"],
                ["link", "set", "lo", "up"],
            ):
                _ip("-n", self.name, *words)
            here = [f"{self.gateway}:{p}={LOOPBACK}:{p}" for p in self._services]
            there = [f"{LOOPBACK}:{p}={self.gateway}:{p}" for p in self._tunnels]
            made.callback(self._relay([], here))
            made.callback(self._relay(self.prefix, there))
            self._made = made.pop_all()
        return self

    def _relay(self, prefix: Sequence[str], pairs: Sequence[str]) -> Callable[[], None]:
        """Begins one; returns what ends it."""
        command = [*prefix, sys.executable, "-m", "tests.workers.relay", *pairs]
        relay = subprocess.Popen(command, cwd=CHECKOUT)

        def end() -> None:
            relay.kill()
            relay.wait()

        return end

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._made.close()
