"""Dialogs as the rows that Callhouse makes of them, for contenders that do equal work.

The mapping is written out for this one report, and takes every record for a good one.
"""

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from bench.task import Task

KEY = ("call_date", "account", "stream")
RAW = (*KEY, "record_key", "version", "payload", "first_seen_at", "request_id")
COMMON = (
    "vendor", "direction", "started_at", "answered_at", "ended_at", "duration_s", "talk_s",
    "wait_s", "from_number", "to_number", "from_e164", "to_e164", "caller_key",
    "end_reason", "attributes",
)  # fmt: skip
LEGS = (*KEY, "leg_id", "call_id", "position", *COMMON, "leg_type", "machine_detected")
CALLS = (
    *KEY,
    "call_id",
    *COMMON,
    "started_local",
    "grain",
    "disposition",
    "disposition_raw",
    "is_final",
)
TYPES = {
    "call_date": "date", "version": "bigint", "payload": "json", "first_seen_at": "timestamp",
    "request_id": "bigint", "position": "bigint", "started_at": "timestamp",
    "answered_at": "timestamp", "ended_at": "timestamp", "duration_s": "double",
    "talk_s": "double", "wait_s": "double", "attributes": "json", "machine_detected": "bool",
    "started_local": "timestamp", "is_final": "bool",
}  # fmt: skip
"""What isn't text, by dlt's names."""
DIRECTIONS = {"INBOUND": "inbound", "OUTBOUND": "outbound"}
ATTRIBUTES = (
    "alert_time", "ring_time", "first_queue_waiting_time", "machine_detected_type", "project_id",
    "project_name", "call_uuid", "tenant_user_id", "tenant_user_name", "operator_call_id",
    "custom_tag_ids",
)  # fmt: skip
Rows = tuple[list[Sequence[Any]], list[Sequence[Any]], list[Sequence[Any]]]
"""Of `raw.records`, `facts.call_legs` and `facts.calls`, in the order of RAW, LEGS and CALLS."""


class Mapping:
    """Makes rows of one task's dialogs; callers' keys are made with the secret."""

    def __init__(self, task: Task, secret: bytes) -> None:
        self._name = task.base_url.rpartition("/")[2]
        self._begun = hmac.new(secret, digestmod="sha256")

    def rows(self, records: list[dict[str, Any]]) -> Rows:
        """The rows of the records."""
        raw: list[Sequence[Any]] = []
        legs: list[Sequence[Any]] = []
        calls: list[Sequence[Any]] = []
        now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S+00}"
        for record in records:
            start, end = record["start_time"], record["hangup_time"]
            duration = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
            key = (start[:10], self._name, "dialogs", record["dialog_uuid"])
            direction = DIRECTIONS[record["business_direction"]]
            talk, reason = record["talking_time"] / 1000, record["business_end_cause"]
            attributes = {
                field: value for field in ATTRIBUTES if (value := record[field]) not in (None, "")
            }
            common = [
                "conpeek", direction, f"{start}+00", _utc(record["answer_time"]), f"{end}+00",
                duration, talk, record["waiting_time"] / 1000, record["from_display_target"],
                record["to_display_target"], f"+{record['from_display_target']}",
                f"+{record['to_display_target']}", self._caller_key(record, direction), reason,
                orjson.dumps(attributes).decode(),
            ]  # fmt: skip
            raw.append((*key, 1, orjson.dumps(record).decode(), now, 0))
            legs.append(
                (
                    *key,
                    key[-1],
                    None,
                    *common,
                    record["dialog_type"],
                    bool(record["machine_detected"]),
                )
            )
            if record["dialog_type"] == "EXTERNAL":
                common[3] = _utc(record["serve_time"])
                unanswered = "no_answer" if direction == "outbound" else "abandoned"
                disposition = "answered" if talk > 0 else unanswered
                calls.append((*key, *common, start, "call", disposition, reason, True))
        return raw, legs, calls

    def _caller_key(self, record: dict[str, Any], direction: str) -> str:
        side = "from" if direction == "inbound" else "to"
        begun = self._begun.copy()
        begun.update(f"+{record[f'{side}_display_target']}".encode())
        return begun.hexdigest()[:32]


def _utc(text: str | None) -> str | None:
    return f"{text}+00" if text else None
