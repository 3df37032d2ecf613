"""How a process that loads uses memory: records come and go by thousands, in several threads."""

import atexit
import ctypes
import gc
import os

CONTAINERS_PER_COLLECTION = 200_000
"""Records are in no cycles: at Python's own threshold, looking for those among them took a tenth of
a load's CPU, and at 50,000 an eighth of a rebuild's, whose batches are larger."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Of glibc's `mallopt`."""
KEPT = 32 * 1024 * 1024
"""Freed bytes that stay with the process, as each batch needs as many again: to ask the system for
them anew took a fifteenth of what a batch costs before it is written.
"""
LARGE = 1024 * 1024
"""What is larger is asked for, and given back, by itself."""


def collect_less() -> None:
    """Looks less often for what is in cycles, and not at all when the process ends: what libraries
    hold is in many, and the interpreter's last looks at it took 0.4 s of CPU.
    """
    gc.set_threshold(CONTAINERS_PER_COLLECTION, *gc.get_threshold()[1:])
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)


def suit_loads() -> None:
    """Collects less, and keeps freed memory for the next batch, in one place for all threads: by
    itself glibc gives each thread its own, and a large load holds a quarter more. Other allocators
    stay as they are. numpy, once it is imported, starts no threads for algebra, of which there is
    none here: one a core, at 0.05 s of CPU.
    """
    collect_less()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    for name, value in ((_ARENA_MAX, 1), (_TRIM_THRESHOLD, KEPT), (_MMAP_THRESHOLD, LARGE)):
        mallopt(name, value)
