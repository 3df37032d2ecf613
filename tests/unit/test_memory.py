"""A load's threads share one place for what is freed, whatever the environment says."""

import os
import subprocess
import sys

import pytest

COUNT = """
import ctypes, os, sys, tempfile
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from resources.memory import suit_loads

if "suited" in sys.argv:
    suit_loads()
libc = ctypes.CDLL("libc.so.6")
libc.fopen.restype = ctypes.c_void_p
together = Barrier(4)

def work(_):
    together.wait()
    return [bytes(1000) for _ in range(20_000)]

with ThreadPoolExecutor(4) as pool:
    kept = list(pool.map(work, range(4)))
with tempfile.NamedTemporaryFile() as file:
    stream = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(file.read().count(b"<heap nr="))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
def test_threads_of_a_load_share_one_arena() -> None:
    environment = {name: text for name, text in os.environ.items() if "MALLOC" not in name}
    environment["PYTHONMALLOC"] = "malloc"
    arenas = [
        subprocess.run(
            [sys.executable, "-c", COUNT, *words],
            env=environment, check=True, capture_output=True, text=True,
        ).stdout.strip()
        for words in ([], ["suited"])
    ]  # fmt: skip
    assert int(arenas[0]) > 1
    assert arenas[1] == "1"


def test_the_end_of_a_process_collects_nothing() -> None:
    code = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count()));"
    code += "from resources.memory import collect_less; collect_less()"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert int(done.stdout) > 1000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads are counted by /proc")
def test_a_load_starts_no_threads_for_algebra() -> None:
    code = "import os; from resources.memory import suit_loads; suit_loads(); import numpy;"
    code += "print(len(os.listdir('/proc/self/task')))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "1\n"
