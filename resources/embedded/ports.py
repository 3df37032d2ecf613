"""TCP ports on this machine's loopback, where what others may talk to listens; and sockets."""

import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"


def is_taken(place: int | Path) -> bool:
    """Whether somebody listens at the port, or socket. Asked by connecting: on macOS a bind may
    succeed anyway.
    """
    is_socket = isinstance(place, Path)
    with socket.socket(socket.AF_UNIX if is_socket else socket.AF_INET) as probe:
        probe.settimeout(2)
        return probe.connect_ex(str(place) if is_socket else (LOOPBACK, place)) == 0


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
