"""`python -m bench.processes HOME [MINUTES [PID…]]`: CPU seconds of a running `callhouse up`.

By part; PIDs are those of a broker and of workers, which `up` didn't start. A process that ends is
counted with the one that started it.
"""

import sys
import time
from collections import defaultdict
from pathlib import Path

import psutil

PARTS = {
    "pipelines.local.watchdog": "watchdog",
    "resources.standin": "stand-in vendors",
    "pipelines.code_server": "code server",
    "dagster api grpc": "its process with the code, and runs",
    "multiprocessing.forkserver": "its process with the code, and runs",
    "multiprocessing.resource_tracker": "its process with the code, and runs",
    "pipelines.daemon": "daemon",
    "pipelines.web": "web server",
}
"""By a word of the command line. Whatever else is ours is a run."""
VENDORS = "stand-in vendors"


Seconds = defaultdict[str, float]


def cpu_by_part(home: Path, others: list[psutil.Process]) -> Seconds:
    """Seconds so far of everything that belongs to the Callhouse of this home, and of others."""
    seconds: Seconds = defaultdict(float)
    for process in others:
        family = [process, *process.children(recursive=True)]
        seconds[f"{process.name()} {process.pid}"] = sum(map(_cpu, family))
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
            if "pipelines.local.watchdog" in command and str(home) in command:
                _add_group(process, seconds)
            elif command.startswith(f"{home}/postgres") or f"-D {home}/postgres" in command:
                seconds["Postgres"] += sum(map(_cpu, [process, *process.children()]))
        except psutil.Error:
            continue
    return seconds


def _add_group(watchdog: psutil.Process, seconds: Seconds) -> None:
    """Adds those of `up` and of all that it has started."""
    up = watchdog.parent()
    assert up
    seconds["up"] += _cpu(up, with_children=False)
    for process in up.children(recursive=True):
        command = " ".join(process.cmdline())
        part = next((name for word, name in PARTS.items() if word in command), None)
        if part or "postgres" not in command:
            seconds[part or "its process with the code, and runs"] += _cpu(process)


def _cpu(process: psutil.Process, with_children: bool = True) -> float:
    times = process.cpu_times()
    own = times.user + times.system
    ended = getattr(times, "children_user", 0) + getattr(times, "children_system", 0)
    return float(own + ended if with_children else own)


def main() -> None:
    home = Path(sys.argv[1]).resolve()
    minutes = float(sys.argv[2]) if sys.argv[2:] else 20
    others = [psutil.Process(int(pid)) for pid in sys.argv[3:]]
    before, began = cpu_by_part(home, others), time.monotonic()
    time.sleep(minutes * 60)
    after, span = cpu_by_part(home, others), time.monotonic() - began
    used = {part: seconds - before[part] for part, seconds in after.items()}
    for part, seconds in sorted(used.items(), key=lambda item: -item[1]):
        print(f"{part:40} {seconds:8.1f} s {100 * seconds / span:6.2f} %")
    total = sum(seconds for part, seconds in used.items() if part != VENDORS)
    print(f"{'all but the vendors':40} {total:8.1f} s {100 * total / span:6.2f} % of a core")


if __name__ == "__main__":
    main()
