"""`python -m resources.standin`: the stand-in vendors as a process of their own."""

from __future__ import annotations

import argparse
import inspect
import json
import textwrap
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from resources.standin import Fault, Quirk, StandIn, demo, fast
from resources.standin.generate import HISTORY
from resources.text import files

QUIRK = "a habit of one tenant, as demo-vono:page_cap:size=40; several may be given"
WIDTH = 96
ADMIN = """\
What one may ask and tell the stand-in itself (bodies are JSON):
  GET  /_standin/health     its clock and its tenants
  GET  /_standin/requests   what it was asked
  GET  /_standin/breaches   which limits were broken
  POST /_standin/clock      {"set": "2026-03-10T12:00:00+00:00"}, {"advance_s": 60} or {}
  POST /_standin/tenants    {"vendor": "vono", "name": "mine", "token": "t", "key": "k",
                             "generated": true}
  POST /_standin/faults     {"vendor": "vono", "tenant": "demo-vono", "fault": "status",
                             "with": {"code": 503}, "times": 2}
  POST /_standin/quirks     {"vendor": "vono", "tenant": "demo-vono",
                             "quirks": [{"quirk": "page_cap", "with": {"size": 9}}]}
"""


def main() -> None:
    arguments = _parser().parse_args()
    # Before anything listens: whoever finds it listening reads the file.
    first_day = _first_day(arguments.state)
    standin = StandIn(port=arguments.port, first_day=first_day)
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
    parser = argparse.ArgumentParser(
        prog="python -m resources.standin",
        description=__doc__,
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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


def _epilog() -> str:
    tenants = [
        f"  /{tenant.vendor}/{tenant.name}\n    "
        + ", ".join(f"{name} {tenant.secret(name)}" for name in tenant.secrets)
        for tenant in demo.DEMO_TENANTS
    ]
    parts = [
        "The demo's tenants, and what opens them:",
        *tenants,
        "",
        ADMIN,
        "Quirks, with their settings (--quirk, or /_standin/quirks):",
        *_makers(Quirk),
        "",
        "Faults (/_standin/faults), of so many answers:",
        *_makers(Fault),
    ]
    return "\n".join(parts)


def _makers(kind: type[Quirk | Fault]) -> Iterator[str]:
    """The class methods that make one from plain values, with the first sentence on each."""
    for name, maker in vars(kind).items():
        if name.startswith("_") or name == "named" or not isinstance(maker, classmethod):
            continue
        made = getattr(kind, name)
        if "Callable" in str(inspect.signature(made)):
            continue
        parameters = ", ".join(
            str(parameter.replace(annotation=parameter.empty))
            for parameter in inspect.signature(made).parameters.values()
        )
        text = " ".join((inspect.getdoc(made) or "").split())
        yield textwrap.fill(
            f"{name}({parameters})" + (f": {text}" if text else ""),
            WIDTH,
            initial_indent="  ",
            subsequent_indent="      ",
        )


def _quirk(text: str) -> tuple[str, Quirk]:
    """The tenant's name, and the habit."""
    tenant, name, *settings = text.split(":")
    pairs = (setting.split("=") for setting in settings)
    return tenant, Quirk.named(name, **{key: int(v) if v.isdecimal() else v for key, v in pairs})


def _first_day(state: Path) -> date:
    """The demo's history begins where it began at the first start, which is kept."""
    file = state / "world.json"
    if file.exists():
        return date.fromisoformat(json.loads(file.read_text(encoding="utf-8"))["first_day"])
    first_day = datetime.now(UTC).date() - HISTORY
    state.mkdir(parents=True, exist_ok=True)
    files.write(file, json.dumps({"first_day": first_day.isoformat()}))
    return first_day


if __name__ == "__main__":
    main()
