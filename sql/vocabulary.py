"""The words that columns of facts and `ops` are limited to, the same for all vendors,
and the hours that SQL and checks share.
"""

from datetime import timedelta
from enum import StrEnum

LATE = timedelta(hours=3)
"""So long after its end a day must have been read whole."""


class Grain(StrEnum):
    """What one row of `facts.calls` is."""

    CALL = "call"
    IVR_SESSION = "ivr_session"
    CALLBACK_REQUEST = "callback_request"
    RECORDED_CALL = "recorded_call"


class Direction(StrEnum):
    """Which way a call went, seen from the contact centre."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"
    UNKNOWN = "unknown"


class Disposition(StrEnum):
    """How a call ended."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    ABANDONED = "abandoned"
    CANCELED = "canceled"
    VOICEMAIL = "voicemail"
    MACHINE = "machine"
    BLOCKED = "blocked"
    OUT_OF_HOURS = "out_of_hours"
    IVR_CONTAINED = "ivr_contained"
    TRANSFERRED = "transferred"
    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    UNKNOWN = "unknown"


class EndedBy(StrEnum):
    """Who hung up."""

    AGENT = "agent"
    CUSTOMER = "customer"
    SYSTEM = "system"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What a call counts as in the marts: the words of `facts.outcome`."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    UNANSWERED = "unanswered"
    HANDED_ON = "handed_on"
    CONTAINED = "contained"
    NOT_OFFERED = "not_offered"
    OPEN = "open"
    UNKNOWN = "unknown"


class Completeness(StrEnum):
    """How complete a business day is: `ops.days.state`."""

    OPEN = "open"
    SETTLING = "settling"
    COMPLETE = "complete"
    FAILED = "failed"


class Trusted(StrEnum):
    """Whether a business day's figures may be trusted: `marts.trust_by_day`. The best first."""

    TRUSTED = "trusted"
    PROVISIONAL = "provisional"
    NOT_READ = "not_read"
    WRONG = "wrong"


class Tells(StrEnum):
    """What a vendor tells of calls: of what it doesn't, columns are NULL and marts say nothing."""

    ABANDONED = "abandoned"
    """Whether a caller gave up before an answer."""
    WAITS = "waits"
    TALK = "talk"
    AGENTS = "agents"
    QUEUES = "queues"
    """Of answered calls,"""
    QUEUES_OF_LOST_CALLS = "queues_of_lost_calls"
    """and of those that nobody answered: without it no rate of a queue is known."""
    COSTS = "costs"
    RECORDINGS = "recordings"
    IVR_STEPS = "ivr_steps"
    ATTEMPTS = "attempts"
    """How often a callback was tried."""
