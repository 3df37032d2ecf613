"""Windows that are read at once take turns where they compute.

Python runs one thread at a time. Four that compute stop each other every five milliseconds, each
with a batch that the processor's cache has just taken: some hundredths of a load's CPU. What waits
for a vendor or for Postgres waits without the turn, so that waits overlap.
"""

from threading import RLock

TURN = RLock()
"""Nothing that waits may be done while it is held."""
