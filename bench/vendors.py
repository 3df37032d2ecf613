"""`python -m bench.vendors`: the stand-in vendors in their fast mode, as a process of its own.

Beside the fast tenants (`demo-fast`) there is a Wolkvox tenant whose calls carry a long comment
(`demo-heavy`), and at each vendor a crowd with the same records (`demo-1`, `demo-2`, …).
"""

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path

import orjson

from resources.standin import StandIn, Tenant
from resources.standin.answer import Answer, Ask
from resources.standin.fast import DAYS, NO_LIMITS, Sizes, register


def main() -> None:
    """Serves until it is ended."""
    arguments = _parser().parse_args()
    standin = StandIn()
    sizes = Sizes(
        arguments.dialogs, arguments.calls, arguments.handled, arguments.requests, arguments.days
    )
    fast = register(standin, arguments.first_day, sizes, arguments.folder)
    heavy = standin.tenant("wolkvox", "demo-heavy", timezone="UTC", **NO_LIMITS)
    heavy.serve = _padded(fast["wolkvox"], arguments.comment)
    for number in range(1, arguments.crowd + 1):
        for vendor, tenant in fast.items():
            one = standin.tenant(vendor, f"demo-{number}", timezone="UTC", **NO_LIMITS)
            one.serve = tenant.serve
    for tenant in standin.tenants.values():
        tenant.latency_s = arguments.latency_ms / 1000
    print(f"ready {standin.base_url}", flush=True)
    standin.run()


def _padded(tenant: Tenant, size: int) -> Callable[[Tenant, Ask], Answer]:
    serve = tenant.serve

    def padded(asked: Tenant, ask: Ask) -> Answer:
        """The tenant's answer with a comment of `size` bytes in each record."""
        answer = serve(asked, ask)
        rows = orjson.loads(orjson.dumps(answer.rows))
        answer.rows[:] = [row | {"comment": "x" * size} for row in rows]
        return answer

    return padded


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.vendors", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--first-day", type=date.fromisoformat, required=True)
    for name in ("dialogs", "calls", "handled", "requests", "crowd", "comment", "latency-ms"):
        parser.add_argument(f"--{name}", type=int, default=0)
    parser.add_argument("--days", type=int, default=DAYS)
    return parser


if __name__ == "__main__":
    main()
