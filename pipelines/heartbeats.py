"""How often Dagster's processes look whether the others are there, and wake up to look at nothing.

Each look is a new connection: once a second, from three processes, they cost more than the polls of
five vendors. Nothing of Dagster's settings says how often.
"""

from dagster._grpc import client, server_watcher
from grpc import _common as grpc  # type: ignore[import-untyped]

HEARTBEAT_S = 60
"""The code server's to its process with the code, which waits for a day for it."""
LOOK_S = 20
"""The daemon's and the web server's, whether the code server has other definitions. Whoever presses
*Reload definitions* has them at once."""
WAIT_S = 60
"""How long a gRPC server waits for its end at a stretch. It is told of it, and signals are handled
while it waits: gRPC wakes up ten times a second for old Pythons, where they weren't."""


def look_less_often() -> None:
    """In this process, at a code server that lives by itself."""
    server_watcher.WATCH_INTERVAL = LOOK_S


def beat_less_often() -> None:
    """To the process with the code. For the code server alone: those that the daemon or the web
    server start by themselves wait for less than a minute.
    """
    client.CLIENT_HEARTBEAT_INTERVAL = HEARTBEAT_S


def wait_longer() -> None:
    """In this process, which is a gRPC server."""
    grpc.MAXIMUM_WAIT_TIMEOUT = WAIT_S
