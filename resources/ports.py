"""TCP ports on this machine's loopback, where everything local listens."""

import socket

LOOPBACK = "127.0.0.1"


def is_taken(port: int) -> bool:
    """Whether somebody listens there. Asked by connecting: on macOS a bind may succeed anyway."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((LOOPBACK, port)) == 0


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
