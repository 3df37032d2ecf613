"""Stand-in vendors: a small real HTTP server that speaks the five APIs as their documents say.

It serves the demo, the tests and the benchmarks, and records every breach of a documented limit.
It is its own reading of those documents and imports nothing else of Callhouse: a client that
misreads its vendor finds no accomplice here. All of its data are invented.
"""

from __future__ import annotations

from resources.standin.clock import Clock
from resources.standin.faults import Fault
from resources.standin.limits import Breach
from resources.standin.quirks import Quirk
from resources.standin.server import StandIn
from resources.standin.tenant import Tenant

__all__ = ["Breach", "Clock", "Fault", "Quirk", "StandIn", "Tenant"]
