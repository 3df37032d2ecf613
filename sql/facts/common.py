"""The columns that several tables of facts have."""

from sql.table import Column, Source
from sql.vocabulary import Direction

CALL_DATE = Column(
    "call_date",
    "date",
    "Business day: the local date of its start in the account's time zone",
    personal=False,
    required=True,
    source=Source.LOADER,
)
ACCOUNT = Column(
    "account",
    "text",
    "Account, as in accounts.toml",
    personal=False,
    required=True,
    source=Source.LOADER,
)
STREAM = Column(
    "stream",
    "text",
    "Stream of the vendor's that it came by, such as calls",
    personal=False,
    required=True,
    source=Source.LOADER,
)
VENDOR = Column(
    "vendor",
    "text",
    "The vendor, by its name in accounts.toml, such as wolkvox",
    personal=False,
    required=True,
    source=Source.LOADER,
)
DIRECTION = Column(
    "direction",
    "text",
    "inbound, outbound, internal, or unknown where the vendor doesn't say",
    personal=False,
    required=True,
    vocabulary=Direction,
)
STARTED_AT = Column(
    "started_at",
    "timestamptz",
    "When it began",
    personal=False,
    required=True,
    indexed=True,  # for those who filter by it alone: docs/decisions
)
STARTED_LOCAL = Column(
    "started_local",
    "timestamp",
    "When it began, by the clocks of the account's time zone. Two hours have one name when clocks "
    "go back: started_at tells them apart",
    personal=False,
    required=True,
    source=Source.DERIVED,
)
ENDED_AT = Column(
    "ended_at",
    "timestamptz",
    "When it ended; of vendors that tell no end (clickfono, wolkvox, vono): started_at + "
    "duration_s. NULL: still going on, or not known",
    personal=False,
)
FROM_NUMBER = Column(
    "from_number",
    "text",
    "Who called, as the vendor writes it",
    personal=True,
    mask="number",
)
TO_NUMBER = Column(
    "to_number",
    "text",
    "Who was called, as the vendor writes it",
    personal=True,
    mask="number",
)
FROM_E164 = Column(
    "from_e164",
    "text",
    "from_number in E.164 (+ and digits), by the account's country where it is national: the same "
    "in every vendor, so join by it. NULL for extensions and whatever isn't a telephone number",
    personal=True,
    mask="number",
)
TO_E164 = Column(
    "to_e164",
    "text",
    "to_number in E.164 (+ and digits), by the account's country where it is national: the same "
    "in every vendor, so join by it. NULL for extensions and whatever isn't a telephone number",
    personal=True,
    mask="number",
)
CALLER_KEY = Column(
    "caller_key",
    "text",
    "Stands for the customer's number: of inbound calls from_e164, of outbound ones to_e164, of an "
    "unknown direction the only one that is there. The same in every vendor, so count and join by "
    "it (it is a keyed hash, which tells nobody the number). NULL: no such number",
    personal=False,
    source=Source.DERIVED,
)
END_REASON = Column(
    "end_reason",
    "text",
    "Why it ended, in the vendor's own word",
    personal=False,
    mask="numbers",
)
CURRENCY = Column(
    "currency",
    "text",
    "ISO 4217 code of cost: the account's, as vendors name none. NULL where cost is",
    personal=False,
)
ATTRIBUTES = Column(
    "attributes",
    "jsonb",
    "What else the vendor says of it, unmapped",
    personal=True,
)
FIRST_SEEN_AT = Column(
    "first_seen_at",
    "timestamptz",
    "When Callhouse first saw it",
    personal=False,
    required=True,
    default="now()",
    source=Source.LOADER,
    kept=True,
)
UPDATED_AT = Column(
    "updated_at",
    "timestamptz",
    "When this row last changed in Callhouse; not a time of the vendor's",
    personal=False,
    required=True,
    default="now()",
    source=Source.CLOCK,
)
MISSING_SINCE = Column(
    "missing_since",
    "timestamptz",
    "Since when full reads of its day no longer return it; NULL: the vendor has it. Marts count it "
    "apart, as missing",
    personal=False,
    source=Source.LOADER,
)
