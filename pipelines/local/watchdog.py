"""Ends everything that `up` has started, when `up` ends, however it ends.

`up` holds the other end of this process' standard input and never writes to it: it reaches its
end when `up` closes it, or dies. That works on Linux and macOS alike, a `kill -9` included.

The watchdog leads the process group that `up` puts its children into, and the runs that these
start are in it too: it needs no list of them. Last of all it stops the embedded Postgres,
unless somebody else uses it, and removes what was temporary.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock

from resources.configuration.home import Home
from resources.configuration.plain_environment import plain_environment
from resources.embedded.local_postgres import LocalPostgres

GRACE_S = 8
"""For runs to say goodbye to the database; then they are killed."""
POSTGRES_PATIENCE_S = 5


def members(group: int) -> Iterator[psutil.Process]:
    """The living processes of a group, except its leader."""
    for process in psutil.process_iter(["status"]):
        try:
            is_member = os.getpgid(process.pid) == group and process.pid != group
        except ProcessLookupError:
            continue
        if is_member and process.info["status"] != psutil.STATUS_ZOMBIE:
            yield process


def end(group: int) -> None:
    """Ends the group's processes, and those that they may still start meanwhile."""
    deadline = time.monotonic() + GRACE_S
    asked: set[int] = set()
    while living := list(members(group)):
        late = time.monotonic() > deadline
        for process in living:
            try:
                if late:
                    process.kill()
                elif process.pid not in asked:
                    process.terminate()
                    asked.add(process.pid)
            except psutil.NoSuchProcess:
                continue
        time.sleep(0.1)


def stop_postgres(home: Home) -> None:
    """The connections of the processes that have just ended take a moment to go."""
    deadline = time.monotonic() + POSTGRES_PATIENCE_S
    while not LocalPostgres(home).stop_if_unused() and time.monotonic() < deadline:
        time.sleep(0.2)


def finish(group: int, home: Home, temporary: Iterable[Path]) -> None:
    """Ends all there is, and removes the folders."""
    end(group)
    stop_postgres(home)
    for folder in temporary:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def process_group(home: Home, *temporary: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A watchdog, whose number is the group's; at the end of the block everything has ended, and
    the temporary folders are gone.
    """
    folders = [str(folder) for folder in (home.root, *temporary)]
    command = [sys.executable, "-m", "pipelines.local.watchdog", *folders]
    process = subprocess.Popen(
        command,
        env=plain_environment(home.accounts),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        process_group=0,
    )
    assert process.stdin
    assert process.stdout
    try:
        process.stdout.readline()
        yield process
    finally:
        _ignore_signals()
        if process.poll() is None:
            process.stdin.close()
            process.wait()
        else:
            finish(process.pid, home, temporary)


def _ignore_signals() -> None:
    """The end takes seconds at most; nothing should leave it half done."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def main() -> None:
    """`python -m pipelines.local.watchdog HOME [TEMPORARY…]`, its input a pipe from `up`."""
    _ignore_signals()
    home = Home(Path(sys.argv[1]))
    # The watchdog of an `up` that was killed may still be at work.
    with FileLock(home.root / "watchdog.lock", timeout=2 * (GRACE_S + POSTGRES_PATIENCE_S)):
        print("ready", flush=True)
        sys.stdin.read()
        finish(os.getpid(), home, map(Path, sys.argv[2:]))


if __name__ == "__main__":
    main()
