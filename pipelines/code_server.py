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

from pipelines.heartbeats import beat_less_often, wait_longer
from pipelines.warm_runs import ask_for_warm_runs

LOCATION = "callhouse"
CODE = ["--module-name", "pipelines.definitions", "--attribute", "defs"]
A_DAY_S = "86400"
"""Without word from the server its process with the code ends. Half a minute, as Dagster has it, is
less than a laptop sleeps, or a clock is set by."""
LOOK_EVERY_S = 5


def end_with_the_code() -> None:
    """Ends this process once it has had a process with the code and has none any more."""
    children: list[psutil.Process] = []
    while True:
        time.sleep(LOOK_EVERY_S)
        had, children = children, living_children(children)
        if had and not children:
            os._exit(1)


def living_children(known: list[psutil.Process]) -> list[psutil.Process]:
    """The children of this process that live: of the `known` ones, or all where none of those does.
    To look for all takes a look at each process of the host, which costs more than the rest.
    """
    return list(filter(_lives, known)) or list(filter(_lives, psutil.Process().children()))


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def main() -> None:
    ask_for_warm_runs()
    beat_less_often()
    wait_longer()
    threading.Thread(target=end_with_the_code, daemon=True).start()
    options = ["--location-name", LOCATION, "--heartbeat-ttl", A_DAY_S, *sys.argv[1:]]
    start_command([*CODE, *options])


if __name__ == "__main__":
    main()
