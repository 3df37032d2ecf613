"""The stand-in vendors as a process beside us, and the accounts file of their demo."""

import json
from datetime import date

from pipelines.local.child import Child
from resources.configuration.home import Home
from resources.embedded.ports import LOOPBACK, free_port


def start_standin(home: Home, group: int, since: date | None = None) -> Child:
    """Starts them in the process group and writes the demo's accounts once they answer.

    The accounts begin with the stand-ins' history, or with `since`.
    """
    from resources.standin.demo import write_accounts

    port = free_port()
    state = home.standin
    arguments = ["resources.standin", "--port", str(port), "--state", str(state)]
    child = Child("stand-in server", arguments, home.logs / "stand-in-server.log", port)
    child.start(group)
    child.wait_until_ready()
    first_day = date.fromisoformat(json.loads((state / "world.json").read_text())["first_day"])
    write_accounts(home.demo_accounts, f"http://{LOOPBACK}:{port}", since or first_day)
    return child
