"""`python -m resources.standin`: the stand-in vendors as a process of their own."""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path

from resources.standin import Quirk, StandIn, demo, fast

QUIRK = "a habit of one tenant, as demo-vono:page_cap:size=40; several may be given"


def main() -> None:
    arguments = _parser().parse_args()
    standin = StandIn(port=arguments.port, first_day=_first_day(arguments.state))
    _keep(arguments.state, standin.world.first_day)
    if arguments.fast:
        sizes = fast.Sizes(arguments.dialogs, arguments.calls, arguments.handled)
        fast.register(standin, standin.world.first_day, sizes, arguments.state)
    else:
        demo.register(standin)
    for tenant in standin.tenants.values():
        tenant.latency_s = arguments.latency_ms / 1000
        tenant.behave(*(quirk for name, quirk in arguments.quirk if name == tenant.name))
    # True already: the socket has been listening since the stand-in was made.
    print(f"ready {standin.base_url}", flush=True)
    standin.run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m resources.standin", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="on loopback; 0: any free one")
    parser.add_argument("--state", type=Path, required=True, help="what survives a restart")
    parser.add_argument("--latency-ms", type=int, default=0, help="before every answer")
    parser.add_argument("--quirk", type=_quirk, action="append", default=[], help=QUIRK)
    parser.add_argument("--fast", action="store_true", help="the benchmarks' tenants, no demo")
    sizes = fast.Sizes()
    parser.add_argument("--dialogs", type=int, default=sizes.dialogs, help="fast Conpeek")
    parser.add_argument("--calls", type=int, default=sizes.calls, help="fast Evolux")
    parser.add_argument("--handled", type=int, default=sizes.handled, help="fast Wolkvox")
    return parser


def _quirk(text: str) -> tuple[str, Quirk]:
    """The tenant's name, and the habit."""
    tenant, name, *settings = text.split(":")
    pairs = (setting.split("=") for setting in settings)
    return tenant, Quirk.named(name, **{key: int(v) if v.isdecimal() else v for key, v in pairs})


def _first_day(state: Path) -> date | None:
    """The demo's history begins where it began at the first start."""
    file = state / "world.json"
    if not file.exists():
        return None
    return date.fromisoformat(json.loads(file.read_text(encoding="utf-8"))["first_day"])


def _keep(state: Path, first_day: date) -> None:
    state.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"first_day": first_day.isoformat()})
    (state / "world.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
