"""What is measured: each scenario yields named steps, one after the other, with their figures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.yard import PEERS, BenchError, Figures, Lane, Yard

CALLS = 200_000
HANDLED = 59_998
"""As many as a Wolkvox answer may hold that doesn't look cut: the window isn't halved."""
DETAILS = 10_000
HEAVY_COMMENT = 3_700
"""Bytes that make as many records an answer of just under 256 MB."""
LATENCY_MS = 250
LATENCY_DIALOGS = 30_000
CROWD = 1_000
CROWD_LATENCY_MS = 200

Steps = Iterator[tuple[str, Figures]]


@dataclass(frozen=True)
class Contender:
    """Steps on one warehouse, in this order: names, and actions of a module."""

    module: str
    steps: tuple[tuple[str, str], ...]
    table: str = "facts.call_legs"
    """Has a row for every dialog in the end."""
    peer: bool = False
    after: str | None = None
    """A stream that Callhouse loads before, unmeasured."""

    def run(self, lane: Lane) -> Steps:
        """Takes the steps."""
        if self.after:
            lane.run("ours", "load", stream=self.after)
        for step, action in self.steps:
            if action == "rebuild":
                lane.forget_facts()
            yield step, lane.run(self.module, action, peer=self.peer)


OURS = Contender(
    "ours",
    (
        ("Callhouse, first load", "load"),
        ("Callhouse, again, nothing changed", "load"),
        ("Callhouse, facts rebuilt from raw", "rebuild"),
    ),
)
FLOOR = Contender("floor", (("floor: straight COPY", "load"),))
MERGING = Contender("floor", (("floor with merge", "merge"), ("floor with merge, again", "merge")))
OWN = (OURS, FLOOR, MERGING)
LANDED = "peer.dialogs"
OTHERS = (
    Contender(
        "dlt_equal",
        (("dlt, equal work", "load"), ("dlt, equal work, again", "load")),
        table="peer.call_legs",
        peer=True,
    ),
    Contender(
        "ingestr_equal",
        (("ingestr, equal work", "load"), ("ingestr, equal work, again", "load")),
        table="peer.call_legs",
        peer=True,
    ),
    Contender(
        "dlt_rest", (("dlt, merge", "load"), ("dlt, merge, again", "load")), table=LANDED, peer=True
    ),
    Contender("dlt_arrow", (("dlt, Arrow, append only", "load"),), table=LANDED, peer=True),
    Contender(
        "ingestr_jsonl",
        (("ingestr, merge", "load"), ("ingestr, merge, again", "load")),
        table=LANDED,
        peer=True,
    ),
)


def dialogs(yard: Yard, size: int, runs: int, *, peers: bool = True) -> Steps:
    """Side by side: every contender once, then every contender again, `runs` times."""
    contenders = (*OWN, *OTHERS) if peers and PEERS.exists() else OWN
    with yard.vendors(dialogs=size) as url:
        for _ in range(runs):
            for contender in contenders:
                with yard.lane(url, "conpeek", "dialogs") as lane:
                    for step, figures in contender.run(lane):
                        if (found := lane.count(contender.table)) != size:
                            raise BenchError(f"{step}: {found} of {size} dialogs have landed")
                        yield step, figures


def evolux(yard: Yard, size: int, runs: int) -> Steps:
    """Many small pages."""
    with yard.vendors(calls=size) as url:
        yield from _beside_floor(yard, url, runs, Shape("evolux"))


def wolkvox(yard: Yard, size: int, runs: int) -> Steps:
    """One large answer."""
    with yard.vendors(handled=size) as url:
        yield from _beside_floor(yard, url, runs, Shape("wolkvox"))


def heavy(yard: Yard, size: int, runs: int) -> Steps:
    """The largest answer that any vendor documents."""
    with yard.vendors(handled=size, comment=HEAVY_COMMENT) as url:
        yield from _beside_floor(yard, url, runs, Shape("wolkvox", tenant="demo-heavy"))


def details(yard: Yard, size: int, runs: int) -> Steps:
    """A request a record; the calls are there already."""
    with yard.vendors(calls=size) as url:
        yield from _beside_floor(yard, url, runs, Shape("evolux", "call_details", after="calls"))


def clickfono(yard: Yard, size: int, runs: int) -> Steps:
    """Records of which half change between two reads."""
    with yard.vendors(requests=size) as url:
        yield from _beside_floor(yard, url, runs, Shape("clickfono", reads=(FIRST_READ, CHANGED)))


def latency(yard: Yard, size: int, runs: int) -> Steps:
    """Every answer takes a quarter of a second."""
    with yard.vendors(dialogs=size, latency_ms=LATENCY_MS) as url:
        for _ in range(runs):
            with yard.lane(url, "conpeek", "dialogs") as lane:
                yield f"{LATENCY_MS} ms a page", lane.run("ours", "load")


def idle(yard: Yard, size: int, runs: int) -> Steps:
    """Polls of one account whose days are complete."""
    with yard.vendors(dialogs=size) as url:
        for _ in range(runs):
            with yard.lane(url, "conpeek", "dialogs") as lane:
                lane.run("ours", "load")
                yield "a poll with nothing new", lane.run("ours", "idle")


def crowd(yard: Yard, size: int, runs: int) -> Steps:
    """Many accounts with a token each, polled together in one process."""
    with yard.vendors(crowd=size, latency_ms=CROWD_LATENCY_MS) as url:
        for _ in range(runs):
            with yard.lane(url, "conpeek", "dialogs") as lane:
                yield "accounts polled together", lane.run("ours", "crowd", accounts=size)


FIRST_READ = "first load"
CHANGED = "half of the records changed"
FLOOR_OF = "floor with merge, {}"


@dataclass(frozen=True)
class Shape:
    """A stream that is measured beside its floor. `after`: as of a contender."""

    vendor: str
    stream: str = "calls"
    tenant: str = "demo-fast"
    after: str | None = None
    reads: tuple[str, ...] = (FIRST_READ,)

    @property
    def contenders(self) -> tuple[Contender, Contender]:
        """Callhouse, and its floor."""
        ours = tuple((read, "load") for read in self.reads)
        floor = tuple((FLOOR_OF.format(read), "merge") for read in self.reads)
        return (
            Contender("ours", ours, after=self.after),
            Contender("floor", floor, after=self.after),
        )


def _beside_floor(yard: Yard, url: str, runs: int, shape: Shape) -> Steps:
    """Callhouse and the floor, taking turns."""
    for _ in range(runs):
        for contender in shape.contenders:
            with yard.lane(url, shape.vendor, shape.stream, shape.tenant) as lane:
                yield from contender.run(lane)


Scenario = Callable[[Yard, int, int], Steps]
ALONE: dict[str, tuple[Scenario, int]] = {
    "evolux": (evolux, CALLS),
    "wolkvox": (wolkvox, HANDLED),
    "heavy": (heavy, HANDLED),
    "details": (details, DETAILS),
    "clickfono": (clickfono, CALLS),
    "latency": (latency, LATENCY_DIALOGS),
    "idle": (idle, 3_000),
    "crowd": (crowd, CROWD),
}
"""Scenarios of our own, by name, with how many records or accounts each has."""
