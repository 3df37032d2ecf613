"""A stream of a vendor, whichever kind it is of: windows or details."""

from datetime import timedelta
from typing import Any

from assets.loading.result import Result
from resources.standin import Fault
from resources.vendor_api.vendor import DetailStream
from resources.vendors import discover
from tests.loading.conftest import DAY, Open, Scene
from tests.practice import NAMES

STREAMS = [*sorted(discover()), "wolkvox.calls", *NAMES]
DETAILS = {
    "evolux.call_details": ("evolux", "studio_calls_cdr"),
    "vono.recording_audio": ("vono", "recording_audio"),
}
PROBE = timedelta(hours=1)
AUDIO = b"ID3" + b"\x00" * (274_288 - 3)
TASK = {"task_id": "1", "task_name": "Menu", "start_time_epoch": 1741700000}
STATE = """SELECT stopped_at IS NOT NULL, refusals, next_due_at, last_error FROM ops.streams
            WHERE account = :account AND stream = '{}'"""


class StreamScene:
    """Something to read, and what came of it."""

    def __init__(self, scene: Open, name: str) -> None:
        self.report: str | None = None
        vendor, self.report = DETAILS.get(name, (name, None))
        self.stream: Any = None
        if self.report:
            self.stream = discover()[vendor].stream(name.partition(".")[2])
            assert isinstance(self.stream, DetailStream)
            streams = (self.stream.of, self.stream.name)
            self.here: Scene = scene(vendor, streams=streams)
        else:
            self.here = scene(vendor)
            self.stream = self.here.stream
        self.tenant = self.here.tenant

    def put(self, *numbers: int, without: int | None = None) -> None:
        """What the stream should bring, and hasn't brought yet; one may be `without` its detail."""
        self.here.put(*(self.here.thing(number, minutes=number) for number in numbers))
        if self.report:
            for number in set(numbers) - {without}:
                self.put_detail(number)
            assert self.here.poll().error is None
        self.here.requests()

    def put_detail(self, number: int) -> None:
        """What there is to fetch of a record."""
        if self.tenant.vendor == "vono":
            self.tenant.put_audio(number, AUDIO)
        else:
            self.tenant.put_detail(number, {"executed_tasks": [TASK]})

    def poll(self) -> Result:
        """Of the stream itself."""
        loader = self.here.system.loaders[self.tenant.vendor]
        return loader.poll([self.here.account], [self.stream])[0]

    def backfill(self) -> Result:
        loader = self.here.system.loaders[self.tenant.vendor]
        return loader.backfill([self.here.account], [self.stream], [DAY])[0]

    def arm(self, fault: Fault, times: int = 99) -> None:
        self.tenant.arm(fault, times, report=self.report)

    def loaded(self) -> int:
        """Records that are facts."""
        query = "SELECT count(*) FROM raw.heads WHERE account = :account AND NOT rejected AND "
        return int(self.here.query(f"{query} stream = '{self.stream.name}'")[0][0])

    def state(self) -> Any:
        """Whether it has stopped, doubtful refusals, when it is due, the last error."""
        return self.here.query(STATE.format(self.stream.name))[0]

    @property
    def is_stopped(self) -> bool:
        return bool(self.state()[0])
