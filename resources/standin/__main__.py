"""`python -m resources.standin`: the stand-in vendors as a process of their own."""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path

from resources.standin import StandIn, demo


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m resources.standin", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="on loopback; 0: any free one")
    parser.add_argument("--state", type=Path, required=True, help="what survives a restart")
    arguments = parser.parse_args()

    standin = StandIn(port=arguments.port, first_day=_first_day(arguments.state))
    _keep(arguments.state, standin.world.first_day)
    demo.register(standin)
    # True already: the socket has been listening since the stand-in was made.
    print(f"ready {standin.base_url}", flush=True)
    standin.run()


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
