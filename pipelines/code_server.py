"""The code server: `python -m pipelines.code_server`, with options of `dagster code-server start`.

Dagster's server has a process with the code, and another one after each *Reload definitions*. Left
without any it would live on and answer nothing: here it ends, too, and is started again.
"""

import os
import sys
import threading
import time

import psutil
from dagster._cli.code_server import start_command

from pipelines.heartbeats import beat_less_often
from pipelines.warm_runs import ask_for_warm_runs

LOCATION = "callhouse"
CODE = ["--module-name", "pipelines.definitions", "--attribute", "defs"]
A_DAY_S = "86400"
"""Without word from the server its process with the code ends. Half a minute, as Dagster has it, is
less than a laptop sleeps, or a clock is set by."""
LOOK_EVERY_S = 5


def end_with_the_code() -> None:
    """Ends this process once it has had a process with the code and has none any more."""
    has_served = False
    while True:
        time.sleep(LOOK_EVERY_S)
        serves = has_children()
        if has_served and not serves:
            os._exit(1)
        has_served = serves


def has_children() -> bool:
    """Whether a child of this process lives. To look at all processes costs more than the rest."""
    try:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return ended is None or any(
        child.status() != psutil.STATUS_ZOMBIE for child in psutil.Process().children()
    )


def main() -> None:
    ask_for_warm_runs()
    beat_less_often()
    threading.Thread(target=end_with_the_code, daemon=True).start()
    options = ["--location-name", LOCATION, "--heartbeat-ttl", A_DAY_S, *sys.argv[1:]]
    start_command([*CODE, *options])


if __name__ == "__main__":
    main()
