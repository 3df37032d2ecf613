-- schema/01_schemas
CREATE SCHEMA raw;
CREATE SCHEMA facts;
CREATE SCHEMA ops;
CREATE SCHEMA marts;
CREATE SCHEMA masked;
COMMENT ON SCHEMA raw IS 'Records as the vendors sent them, secrets redacted, every version';
COMMENT ON SCHEMA facts IS 'Normalised call facts, partitioned by business day';
COMMENT ON SCHEMA ops IS 'How loading goes: requests, limits, completeness, rejects';
COMMENT ON SCHEMA marts IS 'What analysts ask most, ready to read';
COMMENT ON SCHEMA masked IS 'The tables of facts with personal data masked, under the same names';

-- schema/10_raw_records
CREATE TABLE raw.records (
    call_date     date        NOT NULL,
    account       text        NOT NULL,
    stream        text        NOT NULL,
    record_key    text        NOT NULL,
    version       integer     NOT NULL,
    payload       jsonb       NOT NULL,
    first_seen_at timestamptz NOT NULL,
    request_id    bigint      NOT NULL,
    PRIMARY KEY (call_date, account, stream, record_key, version)
) PARTITION BY RANGE (call_date);
COMMENT ON TABLE raw.records IS 'One distinct version of one record as the vendor sent it, secrets redacted';
COMMENT ON COLUMN raw.records.call_date IS 'Business day of this version''s start, in the account''s time zone';
COMMENT ON COLUMN raw.records.account IS 'Account in accounts.toml';
COMMENT ON COLUMN raw.records.stream IS 'Stream of the vendor, such as calls';
COMMENT ON COLUMN raw.records.record_key IS 'The vendor''s key of the record; the key of its fact too';
COMMENT ON COLUMN raw.records.version IS 'From 1, in the order seen; a state that comes back is a new version';
COMMENT ON COLUMN raw.records.payload IS 'The record, with only secrets and characters that Postgres cannot keep replaced';
COMMENT ON COLUMN raw.records.first_seen_at IS 'When this version was first read';
COMMENT ON COLUMN raw.records.request_id IS 'ops.requests.id of the request that brought it';

-- schema/11_raw_heads
-- The newest version of every record, wherever its day: what a read is compared with before
-- anything is moved, and how a record that moved to another day is found again. Not
-- partitioned: the question is always "this key, whichever day".
CREATE TABLE raw.heads (
    account     text        NOT NULL,
    stream      text        NOT NULL,
    record_key  text        NOT NULL,
    call_date   date        NOT NULL,
    version     integer     NOT NULL,
    digest      uuid        NOT NULL,
    observed_at timestamptz NOT NULL,
    first_seen_at timestamptz NOT NULL,
    is_open     boolean     NOT NULL DEFAULT false,
    rejected    boolean     NOT NULL DEFAULT false,
    faults      jsonb,
    missing_since timestamptz,
    twins       uuid[],
    PRIMARY KEY (account, stream, record_key)
) WITH (fillfactor = 85);
-- The day first: a look-up by key must never mistake this index for the primary key's.
CREATE INDEX heads_by_day ON raw.heads (call_date, account, stream);
CREATE INDEX heads_with_faults ON raw.heads (call_date, account, stream) WHERE faults IS NOT NULL;
COMMENT ON TABLE raw.heads IS 'The newest version of each record: its day, digest and when it was observed';
COMMENT ON COLUMN raw.heads.account IS 'Account in accounts.toml';
COMMENT ON COLUMN raw.heads.stream IS 'Stream of the vendor';
COMMENT ON COLUMN raw.heads.record_key IS 'The vendor''s key of the record';
COMMENT ON COLUMN raw.heads.call_date IS 'Business day of the newest version';
COMMENT ON COLUMN raw.heads.version IS 'The newest version''s number';
COMMENT ON COLUMN raw.heads.digest IS '128-bit digest of the newest version''s payload';
COMMENT ON COLUMN raw.heads.observed_at IS 'When the request that brought it was granted; an older answer never replaces a newer one';
COMMENT ON COLUMN raw.heads.first_seen_at IS 'When its first version was read';
COMMENT ON COLUMN raw.heads.is_open IS 'The vendor will still change this record';
COMMENT ON COLUMN raw.heads.missing_since IS 'Since when full reads of its day no longer return it';
COMMENT ON COLUMN raw.heads.rejected IS 'The newest version is no fact; ops.rejects says why. It is tried again at each read';
COMMENT ON COLUMN raw.heads.faults IS 'Fields of the newest version that couldn''t be read, so that the fact has NULL there, each with the reason. NULL: none. They are tried again at each read';
COMMENT ON COLUMN raw.heads.twins IS 'Digests of other states that came with this one in one read: the record changed meanwhile, or two rows have one key. NULL: none';

-- schema/20_facts_calls
-- A table of facts, as sql/facts.py describes it.
CREATE TABLE facts.calls (
    call_date date NOT NULL,
    account text NOT NULL,
    stream text NOT NULL,
    call_id text NOT NULL,
    vendor text NOT NULL,
    grain text NOT NULL CHECK (grain IN ('call', 'ivr_session', 'callback_request', 'recorded_call')),
    direction text NOT NULL CHECK (direction IN ('inbound', 'outbound', 'internal', 'unknown')),
    started_at timestamptz NOT NULL,
    answered_at timestamptz,
    ended_at timestamptz,
    duration_s double precision,
    talk_s double precision,
    wait_s double precision,
    ring_s double precision,
    from_number text,
    to_number text,
    from_e164 text,
    to_e164 text,
    caller_key text,
    disposition text NOT NULL CHECK (disposition IN ('answered', 'no_answer', 'busy', 'failed', 'abandoned', 'canceled', 'voicemail', 'machine', 'blocked', 'out_of_hours', 'ivr_contained', 'transferred', 'queued', 'in_progress', 'unknown')),
    disposition_raw text,
    is_final boolean NOT NULL,
    ended_by text CHECK (ended_by IN ('agent', 'customer', 'system', 'unknown')),
    end_reason text,
    agent_id text,
    agent_name text,
    queue_id text,
    queue_name text,
    campaign_id text,
    campaign_name text,
    flow_id text,
    flow_name text,
    attempt_no integer,
    transferred_to text,
    wrapup_code text,
    wrapup_name text,
    cost numeric,
    currency text,
    has_recording boolean,
    attributes jsonb,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    missing_since timestamptz,
    PRIMARY KEY (call_date, account, stream, call_id)
) PARTITION BY RANGE (call_date);
CREATE INDEX calls_started_at ON facts.calls (started_at);
COMMENT ON TABLE facts.calls IS 'One call in its latest state. What one row counts differs by vendor: always filter or group by grain';
COMMENT ON COLUMN facts.calls.call_date IS 'Business day: the local date of its start in the account''s time zone. The partition: filter by it, and a query reads only those days';
COMMENT ON COLUMN facts.calls.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN facts.calls.stream IS 'Stream of the vendor''s that it came by, such as calls';
COMMENT ON COLUMN facts.calls.call_id IS 'The vendor''s key of the record; unique with account and stream (facts.find_calls finds one by it alone)';
COMMENT ON COLUMN facts.calls.vendor IS 'The vendor, by its name in accounts.toml, such as wolkvox';
COMMENT ON COLUMN facts.calls.grain IS 'What one row is: call (somebody''s call), ivr_session (a pass through an IVR flow), callback_request (a request to be called, with all its attempts), recorded_call (a call of which a recording exists; others are absent). Never add rows of different grains';
COMMENT ON COLUMN facts.calls.direction IS 'inbound, outbound, internal, or unknown where the vendor doesn''t say';
COMMENT ON COLUMN facts.calls.started_at IS 'When it began';
COMMENT ON COLUMN facts.calls.answered_at IS 'When the conversation began. NULL: nobody answered, or the vendor doesn''t say when';
COMMENT ON COLUMN facts.calls.ended_at IS 'When it ended. NULL: still going on, or the vendor doesn''t say';
COMMENT ON COLUMN facts.calls.duration_s IS 'Seconds from start to end. NULL: not known (yet); never 0 for unknown';
COMMENT ON COLUMN facts.calls.talk_s IS 'Seconds of conversation. NULL: not known; 0: the vendor says that nobody talked';
COMMENT ON COLUMN facts.calls.wait_s IS 'Seconds that the caller waited for an answer, in queues or ringing. NULL: the vendor doesn''t say';
COMMENT ON COLUMN facts.calls.ring_s IS 'Seconds that a phone rang. NULL: the vendor doesn''t say';
COMMENT ON COLUMN facts.calls.from_number IS 'Who called, as the vendor writes it. Personal data: shortened for callhouse_analyst';
COMMENT ON COLUMN facts.calls.to_number IS 'Who was called, as the vendor writes it. Personal data: shortened for callhouse_analyst';
COMMENT ON COLUMN facts.calls.from_e164 IS 'from_number in E.164 (+ and digits), by the account''s country where it is national: the same in every vendor, so join by it. NULL for extensions and whatever isn''t a telephone number. Personal data: shortened for callhouse_analyst';
COMMENT ON COLUMN facts.calls.to_e164 IS 'to_number in E.164 (+ and digits), by the account''s country where it is national: the same in every vendor, so join by it. NULL for extensions and whatever isn''t a telephone number. Personal data: shortened for callhouse_analyst';
COMMENT ON COLUMN facts.calls.caller_key IS 'Stands for the customer''s number: of inbound calls from_e164, of outbound ones to_e164, of an unknown direction the only one that is there. The same in every vendor, so count and join by it (it is a keyed hash, which tells nobody the number). NULL: no such number';
COMMENT ON COLUMN facts.calls.disposition IS 'How it ended, in one vocabulary for all vendors. What counts as answered or abandoned is said by facts.outcome(disposition, direction, is_final)';
COMMENT ON COLUMN facts.calls.disposition_raw IS 'How it ended, in the vendor''s own word. callhouse_analyst sees no numbers in it';
COMMENT ON COLUMN facts.calls.is_final IS 'false: the vendor may still change it (it goes on, or will be tried again), so its figures aren''t final';
COMMENT ON COLUMN facts.calls.ended_by IS 'Who hung up: agent, customer, system or unknown. NULL: the vendor doesn''t report it';
COMMENT ON COLUMN facts.calls.end_reason IS 'Why it ended, in the vendor''s own word. callhouse_analyst sees no numbers in it';
COMMENT ON COLUMN facts.calls.agent_id IS 'The agent, by the vendor''s key. NULL: none was involved, or the vendor doesn''t say';
COMMENT ON COLUMN facts.calls.agent_name IS 'The agent''s name';
COMMENT ON COLUMN facts.calls.queue_id IS 'What the call waited for, by the vendor''s key: a queue, skill or popup';
COMMENT ON COLUMN facts.calls.queue_name IS 'The queue''s, skill''s or popup''s name';
COMMENT ON COLUMN facts.calls.campaign_id IS 'The outbound campaign, by the vendor''s key';
COMMENT ON COLUMN facts.calls.campaign_name IS 'The campaign''s name';
COMMENT ON COLUMN facts.calls.flow_id IS 'The IVR flow, by the vendor''s key';
COMMENT ON COLUMN facts.calls.flow_name IS 'The IVR flow''s name';
COMMENT ON COLUMN facts.calls.attempt_no IS 'Of a callback request: the number of its latest attempt, from 1';
COMMENT ON COLUMN facts.calls.transferred_to IS 'Where the call was passed on to; may be a number. Personal data: shortened for callhouse_analyst';
COMMENT ON COLUMN facts.calls.wrapup_code IS 'What the agent noted about the call afterwards, by the vendor''s key; may come days later';
COMMENT ON COLUMN facts.calls.wrapup_name IS 'The wrap-up code''s text';
COMMENT ON COLUMN facts.calls.cost IS 'What the vendor charges for it, in currency. Never add different currencies';
COMMENT ON COLUMN facts.calls.currency IS 'ISO 4217 code of cost: the account''s, as vendors name none. NULL where cost is';
COMMENT ON COLUMN facts.calls.has_recording IS 'Whether a recording exists. NULL: the vendor doesn''t say';
COMMENT ON COLUMN facts.calls.attributes IS 'What else the vendor says of it, unmapped. Personal data: hidden from callhouse_analyst';
COMMENT ON COLUMN facts.calls.first_seen_at IS 'When Callhouse first saw it';
COMMENT ON COLUMN facts.calls.updated_at IS 'When this row last changed in Callhouse; not a time of the vendor''s';
COMMENT ON COLUMN facts.calls.missing_since IS 'Since when full reads of its day no longer return it; NULL: the vendor has it. Marts count it apart, as missing';

-- schema/20_facts_call_legs
-- A table of facts, as sql/facts.py describes it.
CREATE TABLE facts.call_legs (
    call_date date NOT NULL,
    account text NOT NULL,
    stream text NOT NULL,
    leg_id text NOT NULL,
    vendor text NOT NULL,
    leg_type text,
    direction text NOT NULL CHECK (direction IN ('inbound', 'outbound', 'internal', 'unknown')),
    started_at timestamptz NOT NULL,
    answered_at timestamptz,
    ended_at timestamptz,
    duration_s double precision,
    talk_s double precision,
    wait_s double precision,
    from_number text,
    to_number text,
    from_e164 text,
    to_e164 text,
    caller_key text,
    machine_detected boolean,
    end_reason text,
    attributes jsonb,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    missing_since timestamptz,
    PRIMARY KEY (call_date, account, stream, leg_id)
) PARTITION BY RANGE (call_date);
CREATE INDEX call_legs_started_at ON facts.call_legs (started_at);
COMMENT ON TABLE facts.call_legs IS 'One side (leg) of a call: two or more rows a call, so never a count of calls';
COMMENT ON COLUMN facts.call_legs.call_date IS 'Business day: the local date of its start in the account''s time zone';
COMMENT ON COLUMN facts.call_legs.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN facts.call_legs.stream IS 'Stream of the vendor''s that it came by, such as calls';
COMMENT ON COLUMN facts.call_legs.leg_id IS 'The vendor''s key of the leg; the call_id of the customer''s side in facts.calls is the same';
COMMENT ON COLUMN facts.call_legs.vendor IS 'The vendor, by its name in accounts.toml, such as wolkvox';
COMMENT ON COLUMN facts.call_legs.leg_type IS 'Whose side it is, in the vendor''s word: EXTERNAL is the customer''s, CONSULTANT an agent''s';
COMMENT ON COLUMN facts.call_legs.direction IS 'inbound, outbound, internal, or unknown where the vendor doesn''t say';
COMMENT ON COLUMN facts.call_legs.started_at IS 'When the leg began';
COMMENT ON COLUMN facts.call_legs.answered_at IS 'When it was answered, technically: a machine may have. NULL: it wasn''t';
COMMENT ON COLUMN facts.call_legs.ended_at IS 'When it ended. NULL: still going on, or the vendor doesn''t say';
COMMENT ON COLUMN facts.call_legs.duration_s IS 'Seconds from start to end. NULL: not known (yet)';
COMMENT ON COLUMN facts.call_legs.talk_s IS 'Seconds of conversation. NULL: not known; 0: nobody talked';
COMMENT ON COLUMN facts.call_legs.wait_s IS 'Seconds of waiting. NULL: the vendor doesn''t say';
COMMENT ON COLUMN facts.call_legs.from_number IS 'Who called, as the vendor writes it. Personal data: shortened for callhouse_analyst';
COMMENT ON COLUMN facts.call_legs.to_number IS 'Who was called, as the vendor writes it. Personal data: shortened for callhouse_analyst';
COMMENT ON COLUMN facts.call_legs.from_e164 IS 'from_number in E.164 (+ and digits), by the account''s country where it is national: the same in every vendor, so join by it. NULL for extensions and whatever isn''t a telephone number. Personal data: shortened for callhouse_analyst';
COMMENT ON COLUMN facts.call_legs.to_e164 IS 'to_number in E.164 (+ and digits), by the account''s country where it is national: the same in every vendor, so join by it. NULL for extensions and whatever isn''t a telephone number. Personal data: shortened for callhouse_analyst';
COMMENT ON COLUMN facts.call_legs.caller_key IS 'Stands for the customer''s number: of inbound calls from_e164, of outbound ones to_e164, of an unknown direction the only one that is there. The same in every vendor, so count and join by it (it is a keyed hash, which tells nobody the number). NULL: no such number';
COMMENT ON COLUMN facts.call_legs.machine_detected IS 'Whether an answering machine took the call. NULL: the vendor doesn''t say';
COMMENT ON COLUMN facts.call_legs.end_reason IS 'Why it ended, in the vendor''s own word. callhouse_analyst sees no numbers in it';
COMMENT ON COLUMN facts.call_legs.attributes IS 'What else the vendor says of it, unmapped. Personal data: hidden from callhouse_analyst';
COMMENT ON COLUMN facts.call_legs.first_seen_at IS 'When Callhouse first saw it';
COMMENT ON COLUMN facts.call_legs.updated_at IS 'When this row last changed in Callhouse; not a time of the vendor''s';
COMMENT ON COLUMN facts.call_legs.missing_since IS 'Since when full reads of its day no longer return it; NULL: the vendor has it. Marts count it apart, as missing';

-- schema/20_facts_call_events
-- A table of facts, as sql/facts.py describes it.
CREATE TABLE facts.call_events (
    call_date date NOT NULL,
    account text NOT NULL,
    stream text NOT NULL,
    call_id text NOT NULL,
    position integer NOT NULL,
    task_id text,
    task_name text,
    description text,
    started_at timestamptz,
    ended_at timestamptz,
    params jsonb,
    attributes jsonb,
    PRIMARY KEY (call_date, account, stream, call_id, position)
) PARTITION BY RANGE (call_date);

COMMENT ON TABLE facts.call_events IS 'One step of a call''s way through an IVR flow';
COMMENT ON COLUMN facts.call_events.call_date IS 'Business day of the call that it belongs to';
COMMENT ON COLUMN facts.call_events.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN facts.call_events.stream IS 'Stream of the vendor''s that it came by, such as calls';
COMMENT ON COLUMN facts.call_events.call_id IS 'The call in facts.calls (of another stream of the same account)';
COMMENT ON COLUMN facts.call_events.position IS 'The step''s place, from 1. A task that a flow comes back to has several';
COMMENT ON COLUMN facts.call_events.task_id IS 'The flow''s task, by the vendor''s key; repeats where a flow loops';
COMMENT ON COLUMN facts.call_events.task_name IS 'The kind of task, such as menu or transfer';
COMMENT ON COLUMN facts.call_events.description IS 'What the flow''s author called the task. callhouse_analyst sees no numbers in it';
COMMENT ON COLUMN facts.call_events.started_at IS 'When the step began';
COMMENT ON COLUMN facts.call_events.ended_at IS 'When it ended. NULL: the vendor doesn''t say';
COMMENT ON COLUMN facts.call_events.params IS 'The task''s settings, secrets redacted. Personal data: hidden from callhouse_analyst';
COMMENT ON COLUMN facts.call_events.attributes IS 'What else the vendor says of it, unmapped. Personal data: hidden from callhouse_analyst';

-- schema/20_facts_recordings
-- A table of facts, as sql/facts.py describes it.
CREATE TABLE facts.recordings (
    call_date date NOT NULL,
    account text NOT NULL,
    stream text NOT NULL,
    recording_id text NOT NULL,
    vendor text NOT NULL,
    started_at timestamptz NOT NULL,
    duration_s double precision,
    size_bytes bigint,
    size_raw text,
    from_number text,
    to_number text,
    audio_uri text,
    audio_sha256 text,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    missing_since timestamptz,
    PRIMARY KEY (call_date, account, stream, recording_id)
) PARTITION BY RANGE (call_date);
CREATE INDEX recordings_started_at ON facts.recordings (started_at);
COMMENT ON TABLE facts.recordings IS 'One recording file that the vendor lists; calls that weren''t recorded are absent';
COMMENT ON COLUMN facts.recordings.call_date IS 'Business day: the local date of the call''s start in the account''s time zone';
COMMENT ON COLUMN facts.recordings.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN facts.recordings.stream IS 'Stream of the vendor''s that it came by, such as calls';
COMMENT ON COLUMN facts.recordings.recording_id IS 'The vendor''s key of the recording; its call in facts.calls has it as call_id';
COMMENT ON COLUMN facts.recordings.vendor IS 'The vendor, by its name in accounts.toml, such as wolkvox';
COMMENT ON COLUMN facts.recordings.started_at IS 'When the recorded call began';
COMMENT ON COLUMN facts.recordings.duration_s IS 'Seconds of the call. NULL: the vendor doesn''t say';
COMMENT ON COLUMN facts.recordings.size_bytes IS 'The file''s size, about: the vendor rounds. NULL: not said';
COMMENT ON COLUMN facts.recordings.size_raw IS 'The size as the vendor writes it';
COMMENT ON COLUMN facts.recordings.from_number IS 'Who called, as the vendor writes it. Personal data: shortened for callhouse_analyst';
COMMENT ON COLUMN facts.recordings.to_number IS 'Who was called, as the vendor writes it. Personal data: shortened for callhouse_analyst';
COMMENT ON COLUMN facts.recordings.audio_uri IS 'Where the audio is kept. NULL: not fetched. Personal data: hidden from callhouse_analyst';
COMMENT ON COLUMN facts.recordings.audio_sha256 IS 'SHA-256 of the audio file, in hex. NULL: not fetched';
COMMENT ON COLUMN facts.recordings.first_seen_at IS 'When Callhouse first saw it';
COMMENT ON COLUMN facts.recordings.updated_at IS 'When this row last changed in Callhouse; not a time of the vendor''s';
COMMENT ON COLUMN facts.recordings.missing_since IS 'Since when full reads of its day no longer return it; NULL: the vendor has it. Marts count it apart, as missing';

-- schema/20_facts_agent_usage
-- A table of facts, as sql/facts.py describes it.
CREATE TABLE facts.agent_usage (
    call_date date NOT NULL,
    account text NOT NULL,
    stream text NOT NULL,
    agent_name text NOT NULL,
    vendor text NOT NULL,
    calls bigint,
    cost numeric,
    currency text,
    attributes jsonb,
    observed_at timestamptz NOT NULL,
    PRIMARY KEY (call_date, account, stream, agent_name)
) PARTITION BY RANGE (call_date);

COMMENT ON TABLE facts.agent_usage IS 'One agent''s totals of one business day, added up by the vendor: never add them to rows of facts.calls, which they contain';
COMMENT ON COLUMN facts.agent_usage.call_date IS 'Business day that the totals are of, in the account''s time zone';
COMMENT ON COLUMN facts.agent_usage.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN facts.agent_usage.stream IS 'Stream of the vendor''s that it came by, such as calls';
COMMENT ON COLUMN facts.agent_usage.agent_name IS 'The agent; the vendor gives no other key';
COMMENT ON COLUMN facts.agent_usage.vendor IS 'The vendor, by its name in accounts.toml, such as wolkvox';
COMMENT ON COLUMN facts.agent_usage.calls IS 'Calls of the agent on that day, by the vendor''s own count. NULL: not said';
COMMENT ON COLUMN facts.agent_usage.cost IS 'What the vendor charges for them, in currency. NULL: not said';
COMMENT ON COLUMN facts.agent_usage.currency IS 'ISO 4217 code of cost: the account''s, as vendors name none. NULL where cost is';
COMMENT ON COLUMN facts.agent_usage.attributes IS 'What else the vendor says of it, unmapped. Personal data: hidden from callhouse_analyst';
COMMENT ON COLUMN facts.agent_usage.observed_at IS 'When these totals were read: those of a day that goes on are the totals so far';

-- schema/30_ops_requests
-- Drawn when a request is granted, so that whatever it brings can name it before its end is known.
CREATE SEQUENCE ops.request_ids;
CREATE TABLE ops.requests (
    id           bigint           PRIMARY KEY DEFAULT nextval('ops.request_ids'),
    account      text             NOT NULL,
    stream       text             NOT NULL,
    report       text             NOT NULL,
    backfill     boolean          NOT NULL,
    requested_at timestamptz      NOT NULL,
    duration_s   double precision NOT NULL,
    status       integer,
    bytes        bigint,
    records      integer,
    url          text,
    error        text,
    run_id       text
);
CREATE INDEX requests_by_account ON ops.requests (account, requested_at);
CREATE INDEX requests_by_time ON ops.requests USING brin (requested_at);
COMMENT ON TABLE ops.requests IS 'One HTTP request made to a vendor. Kept for 90 days unless set otherwise';
COMMENT ON COLUMN ops.requests.id IS 'In the order of grants; raw.records.request_id';
COMMENT ON COLUMN ops.requests.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.requests.stream IS 'Stream that it was made for';
COMMENT ON COLUMN ops.requests.report IS 'The vendor''s report: what limits are counted by';
COMMENT ON COLUMN ops.requests.backfill IS 'Made by a backfill, not by a poll';
COMMENT ON COLUMN ops.requests.requested_at IS 'When its permit was granted, by the database''s clock';
COMMENT ON COLUMN ops.requests.duration_s IS 'Seconds from the grant to the end of the answer';
COMMENT ON COLUMN ops.requests.status IS 'HTTP status. NULL: no answer came';
COMMENT ON COLUMN ops.requests.bytes IS 'Size of the answer''s body. NULL: no answer came';
COMMENT ON COLUMN ops.requests.records IS 'Records in the answer. NULL: it couldn''t be read';
COMMENT ON COLUMN ops.requests.url IS 'What was asked for, secrets redacted';
COMMENT ON COLUMN ops.requests.error IS 'What went wrong, secrets redacted. NULL: nothing';
COMMENT ON COLUMN ops.requests.run_id IS 'The Dagster run that made it. NULL: none';

-- schema/31_ops_rejects
CREATE TABLE ops.rejects (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account       text        NOT NULL,
    stream        text        NOT NULL,
    call_date     date        NOT NULL,
    record_key    text,
    digest        uuid        NOT NULL,
    field         text        NOT NULL,
    reason        text        NOT NULL,
    payload       jsonb       NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    resolved_at   timestamptz
);
-- One open reject a record; what has no key is told apart by its digest and day.
CREATE UNIQUE INDEX rejects_open ON ops.rejects
    (account, stream, coalesce(record_key, ''), (CASE WHEN record_key IS NULL THEN digest END),
     (CASE WHEN record_key IS NULL THEN call_date END))
    NULLS NOT DISTINCT WHERE resolved_at IS NULL;
CREATE INDEX rejects_open_by_day ON ops.rejects (account, stream, call_date) WHERE resolved_at IS NULL;
COMMENT ON TABLE ops.rejects IS 'One record that could not become a fact, and why';
COMMENT ON COLUMN ops.rejects.id IS 'In the order seen';
COMMENT ON COLUMN ops.rejects.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.rejects.stream IS 'Stream that it came by';
COMMENT ON COLUMN ops.rejects.call_date IS 'Business day that it was found in';
COMMENT ON COLUMN ops.rejects.record_key IS 'The vendor''s key. NULL: it has none';
COMMENT ON COLUMN ops.rejects.digest IS '128-bit digest of the payload';
COMMENT ON COLUMN ops.rejects.field IS 'The field that is wrong; record: the whole of it; body: an answer that couldn''t be read at all';
COMMENT ON COLUMN ops.rejects.reason IS 'What is wrong with the field';
COMMENT ON COLUMN ops.rejects.payload IS 'The record, secrets redacted. Personal data';
COMMENT ON COLUMN ops.rejects.first_seen_at IS 'When it was rejected first';
COMMENT ON COLUMN ops.rejects.resolved_at IS 'Since when it is a fact, or gone. NULL: still open';

-- schema/32_ops_days
CREATE TABLE ops.days (
    account        text        NOT NULL,
    stream         text        NOT NULL,
    call_date      date        NOT NULL,
    state          text        NOT NULL CHECK (state IN ('open', 'settling', 'complete', 'failed')),
    timezone       text,
    vendor_total   bigint,
    repeats        bigint      NOT NULL DEFAULT 0,
    raw_records    bigint      NOT NULL DEFAULT 0,
    facts          bigint      NOT NULL DEFAULT 0,
    rejects        bigint      NOT NULL DEFAULT 0,
    open_records   bigint      NOT NULL DEFAULT 0,
    missing        bigint      NOT NULL DEFAULT 0,
    suppressed     bigint      NOT NULL DEFAULT 0,
    last_polled_at timestamptz,
    read_at        timestamptz,
    completed_at   timestamptz,
    next_read_at   timestamptz,
    attempts       integer     NOT NULL DEFAULT 0,
    rejected       uuid,
    same_rejects   integer     NOT NULL DEFAULT 0,
    lacking        uuid,
    lacking_records bigint,
    doubted_since  date,
    accepted       uuid,
    note           text,
    PRIMARY KEY (account, stream, call_date)
);
CREATE INDEX days_unsettled ON ops.days (account, stream, next_read_at) WHERE state <> 'complete';
COMMENT ON TABLE ops.days IS 'How complete a business day of an account''s stream is';
COMMENT ON COLUMN ops.days.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.days.stream IS 'Stream of the vendor';
COMMENT ON COLUMN ops.days.call_date IS 'Business day';
COMMENT ON COLUMN ops.days.state IS 'open: the day goes on or was never read whole. settling: read whole, but records may still change. complete: read whole, and raw = facts + rejects. failed: note says why';
COMMENT ON COLUMN ops.days.timezone IS 'The time zone whose calendar day this is: the account''s when it was loaded. NULL: nothing loaded yet';
COMMENT ON COLUMN ops.days.vendor_total IS 'The vendor''s own count of the day''s records at the last full read. NULL: it gives none, or records came since';
COMMENT ON COLUMN ops.days.repeats IS 'Rows in vendor_total that stand twice in its answer, equal to the byte: each is one record';
COMMENT ON COLUMN ops.days.raw_records IS 'Records of the day, each counted once whatever its versions';
COMMENT ON COLUMN ops.days.facts IS 'Records that are facts';
COMMENT ON COLUMN ops.days.rejects IS 'Records that couldn''t become facts';
COMMENT ON COLUMN ops.days.open_records IS 'Records that the vendor will still change';
COMMENT ON COLUMN ops.days.missing IS 'Of raw_records those that full reads no longer return';
COMMENT ON COLUMN ops.days.suppressed IS 'Records of people who have been forgotten: the vendor counts them, and they are in no table';
COMMENT ON COLUMN ops.days.last_polled_at IS 'When the day was last read, also in part or in vain';
COMMENT ON COLUMN ops.days.read_at IS 'When the newest full read of the day was asked for. NULL: never';
COMMENT ON COLUMN ops.days.completed_at IS 'When the day turned complete; kept while it is read again only to make sure. NULL: it isn''t, or records came since';
COMMENT ON COLUMN ops.days.next_read_at IS 'When it is read again by itself. NULL: as soon as it is due, or never if complete';
COMMENT ON COLUMN ops.days.attempts IS 'Reads in a row that failed, or that lacked the same and weren''t believed';
COMMENT ON COLUMN ops.days.rejected IS 'Digest of the open rejects that the last full read left: which records, fields and reasons. NULL: none';
COMMENT ON COLUMN ops.days.same_rejects IS 'Full reads in a row that left the same rejects';
COMMENT ON COLUMN ops.days.lacking IS 'Digest of the known records that the last full read lacked, if that isn''t believed. NULL: none, or it is';
COMMENT ON COLUMN ops.days.lacking_records IS 'How many those are';
COMMENT ON COLUMN ops.days.doubted_since IS 'The account''s calendar day on which a read lacked them first, if they are too many to be believed at once. NULL: nothing is doubted';
COMMENT ON COLUMN ops.days.accepted IS 'What was lacking when an operator accepted it: believed when it is lacking again';
COMMENT ON COLUMN ops.days.note IS 'Why the state is what it is';

-- schema/33_ops_streams
CREATE TABLE ops.streams (
    account         text        NOT NULL,
    stream          text        NOT NULL,
    vendor          text        NOT NULL,
    watermark       timestamptz,
    last_polled_at  timestamptz,
    last_success_at timestamptz,
    next_due_at     timestamptz,
    failures        integer     NOT NULL DEFAULT 0,
    last_error      text,
    refusals        integer     NOT NULL DEFAULT 0,
    stopped_at      timestamptz,
    stopped_key     text,
    window_days     integer,
    window_good     integer     NOT NULL DEFAULT 0,
    window_needed   integer     NOT NULL DEFAULT 3,
    largest_page    integer,
    fields          text[]      NOT NULL DEFAULT '{}',
    scope           text,
    scope_since     timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (account, stream)
);
COMMENT ON TABLE ops.streams IS 'How reading an account''s stream stands';
COMMENT ON COLUMN ops.streams.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.streams.stream IS 'Stream of the vendor';
COMMENT ON COLUMN ops.streams.vendor IS 'The account''s vendor';
COMMENT ON COLUMN ops.streams.watermark IS 'Up to where polls have read. NULL: never polled';
COMMENT ON COLUMN ops.streams.last_polled_at IS 'When it was last polled, also in vain';
COMMENT ON COLUMN ops.streams.last_success_at IS 'When a read last went well';
COMMENT ON COLUMN ops.streams.next_due_at IS 'When it may be polled next. NULL: after the account''s interval';
COMMENT ON COLUMN ops.streams.failures IS 'Failed polls in a row';
COMMENT ON COLUMN ops.streams.last_error IS 'What went wrong last, secrets redacted. NULL: nothing since the last success';
COMMENT ON COLUMN ops.streams.refusals IS 'Runs in a row that ended with a 401 or 403 which isn''t the vendor''s own answer';
COMMENT ON COLUMN ops.streams.stopped_at IS 'Since when polls have stopped, the credential being refused: next_due_at is the next probe. NULL: they go on';
COMMENT ON COLUMN ops.streams.stopped_key IS 'Keyed hash of the refused credential: another one starts polls again';
COMMENT ON COLUMN ops.streams.window_days IS 'Days that one request may cover, where more proved too much. NULL: as the limits say';
COMMENT ON COLUMN ops.streams.window_good IS 'Windows of so many days that went well in a row. -1: so many haven''t been tried again yet';
COMMENT ON COLUMN ops.streams.window_needed IS 'As many must go well before twice as many days are tried';
COMMENT ON COLUMN ops.streams.largest_page IS 'Records of the largest page that the vendor''s server ever gave: a smaller one may be the last of its list. NULL: none came';
COMMENT ON COLUMN ops.streams.fields IS 'Fields and values that no mapping knows, each told once';
COMMENT ON COLUMN ops.streams.scope IS 'What the account''s options narrow it to, as JSON';
COMMENT ON COLUMN ops.streams.scope_since IS 'Since when: what was read before can''t be missed from answers since';

-- schema/34_ops_details
CREATE TABLE ops.details (
    account     text        NOT NULL,
    stream      text        NOT NULL,
    record_key  text        NOT NULL,
    call_date   date        NOT NULL,
    attempts    integer     NOT NULL DEFAULT 0,
    failures    integer     NOT NULL DEFAULT 0,
    error       text,
    next_try_at timestamptz,
    PRIMARY KEY (account, stream, record_key)
);
COMMENT ON TABLE ops.details IS 'Records whose detail was asked for, and didn''t come';
COMMENT ON COLUMN ops.details.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.details.stream IS 'Stream of the details';
COMMENT ON COLUMN ops.details.record_key IS 'The record''s key in its own stream';
COMMENT ON COLUMN ops.details.call_date IS 'The record''s business day';
COMMENT ON COLUMN ops.details.attempts IS 'How often the vendor hadn''t got it';
COMMENT ON COLUMN ops.details.failures IS 'How often what came was of no use, by a fault of this record''s alone';
COMMENT ON COLUMN ops.details.error IS 'What was wrong with the last answer, secrets redacted. NULL: the vendor hasn''t got it';
COMMENT ON COLUMN ops.details.next_try_at IS 'When it may be asked for again. NULL: not by itself, only by a backfill';

-- schema/35_ops_stale_days
-- Added to only, so that loads neither wait for each other nor for the marts' refresh: it deletes
-- the rows that it sees before it reads the facts, and a load that commits later leaves its own.
CREATE TABLE ops.stale_days (
    call_date   date        NOT NULL,
    mart        text,
    stale_since timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ops.stale_days IS 'Business days that the marts are behind on';
COMMENT ON COLUMN ops.stale_days.call_date IS 'Business day; several rows where several loads changed it';
COMMENT ON COLUMN ops.stale_days.mart IS 'The mart that is behind: it is new, or its refresh failed. NULL: all of them, as facts changed';
COMMENT ON COLUMN ops.stale_days.stale_since IS 'When it fell behind';

-- schema/36_ops_objects
-- Views and functions are laid anew only when their text changed: replacing a view waits for
-- whoever reads it, and everybody else then waits behind.
CREATE TABLE ops.objects (
    name    text        PRIMARY KEY,
    digest  text        NOT NULL,
    laid_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ops.objects IS 'Views, functions and marts as they were last laid by a migration';
COMMENT ON COLUMN ops.objects.name IS 'What defines it, such as functions/outcome';
COMMENT ON COLUMN ops.objects.digest IS 'SHA-256 of its definition';
COMMENT ON COLUMN ops.objects.laid_at IS 'When it was laid';

-- schema/37_ops_findings
CREATE TABLE ops.findings (
    stream     text        NOT NULL,
    name       text        NOT NULL,
    account    text        NOT NULL,
    call_date  date,
    note       text        NOT NULL,
    found_at   timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX findings_once ON ops.findings (stream, name, account, call_date) NULLS NOT DISTINCT;
COMMENT ON TABLE ops.findings IS 'What the asset checks found wrong and is still so. Empty: all checks are green';
COMMENT ON COLUMN ops.findings.stream IS 'Stream of the vendor';
COMMENT ON COLUMN ops.findings.name IS 'The check';
COMMENT ON COLUMN ops.findings.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.findings.call_date IS 'Business day. NULL: it is about the account as it stands';
COMMENT ON COLUMN ops.findings.note IS 'What is wrong, and what to do';
COMMENT ON COLUMN ops.findings.found_at IS 'When it was found first';

-- schema/38_ops_field_faults
-- Counted from raw.heads whenever a day is: nothing counts twice, and what can be read now is gone.
CREATE TABLE ops.field_faults (
    account       text        NOT NULL,
    stream        text        NOT NULL,
    call_date     date        NOT NULL,
    field         text        NOT NULL,
    reason        text        NOT NULL,
    records       bigint      NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, stream, call_date, field, reason)
);
COMMENT ON TABLE ops.field_faults IS 'Fields that couldn''t be read: NULL in the facts of so many records of a day, as sent in raw.records';
COMMENT ON COLUMN ops.field_faults.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.field_faults.stream IS 'Stream of the vendor';
COMMENT ON COLUMN ops.field_faults.call_date IS 'Business day of the records';
COMMENT ON COLUMN ops.field_faults.field IS 'Field, as the vendor calls it; a dot goes into an object or a list of them';
COMMENT ON COLUMN ops.field_faults.reason IS 'Why it is NULL: what was expected of it, or that it is a placeholder for no value, which no check warns of';
COMMENT ON COLUMN ops.field_faults.records IS 'Records of the day with it, by their newest version';
COMMENT ON COLUMN ops.field_faults.first_seen_at IS 'When it was first found on this day';
COMMENT ON COLUMN ops.field_faults.last_seen_at IS 'When the number of records last changed';

-- schema/39_ops_unstable_fields
CREATE TABLE ops.unstable_fields (
    account    text        NOT NULL,
    stream     text        NOT NULL,
    field      text        NOT NULL,
    versions   integer     NOT NULL,
    noticed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, stream, field)
);
COMMENT ON TABLE ops.unstable_fields IS 'Fields that change at each read, as signed URLs do, so that each read makes a version';
COMMENT ON COLUMN ops.unstable_fields.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.unstable_fields.stream IS 'Stream of the vendor';
COMMENT ON COLUMN ops.unstable_fields.field IS 'The field, with dots into nested objects';
COMMENT ON COLUMN ops.unstable_fields.versions IS 'The most versions of one record that had it so';
COMMENT ON COLUMN ops.unstable_fields.noticed_at IS 'When it was noticed last';

-- schema/40_ops_limits
-- The limiter's state, by credential (a keyed hash, never the credential itself).
CREATE TABLE ops.permits (
    id         bigint           PRIMARY KEY,
    credential text             NOT NULL,
    account    text             NOT NULL,
    stream     text             NOT NULL,
    report     text             NOT NULL,
    backfill   boolean          NOT NULL,
    run_id     text,
    lease_s    double precision NOT NULL,
    counts_s   double precision NOT NULL,
    granted_at timestamptz      NOT NULL,
    expires_at timestamptz      NOT NULL,
    reached_at timestamptz
) WITH (fillfactor = 50);
CREATE INDEX permits_by_credential ON ops.permits (credential);

CREATE TABLE ops.holds (
    credential text        PRIMARY KEY,
    since      timestamptz NOT NULL,
    until      timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE ops.waiters (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    credential  text        NOT NULL,
    account     text        NOT NULL,
    stream      text        NOT NULL,
    report      text        NOT NULL,
    holder      text        NOT NULL,
    backfill    boolean     NOT NULL,
    away        boolean     NOT NULL,
    reason      text        NOT NULL,
    run_id      text,
    since       timestamptz NOT NULL,
    looked_at   timestamptz NOT NULL,
    ready_at    timestamptz NOT NULL,
    expected_at timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    UNIQUE (credential, report, holder)
) WITH (fillfactor = 50);

CREATE TABLE ops.quotas (
    bucket          text    NOT NULL,
    day             date    NOT NULL,
    used            integer NOT NULL DEFAULT 0,
    by_backfill     integer NOT NULL DEFAULT 0,
    exhausted_until timestamptz,
    PRIMARY KEY (bucket, day)
) WITH (fillfactor = 50);

CREATE TABLE ops.backfills (
    account    text             NOT NULL,
    stream     text             NOT NULL,
    run_id     text             NOT NULL,
    windows    integer          NOT NULL,
    done       integer          NOT NULL DEFAULT 0,
    spacing_s  double precision NOT NULL,
    started_at timestamptz      NOT NULL DEFAULT now(),
    seen_at    timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (account, stream, run_id)
);

CREATE TABLE ops.settings (
    name  text PRIMARY KEY,
    value text NOT NULL
);
-- Secrets of this warehouse, which no analyst reads. What credentials are hashed with, so that hosts
-- can compare them without storing them; and numbers, so that callers can be counted without them.
INSERT INTO ops.settings VALUES
    ('credential_key', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')),
    ('caller_secret', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')),
    ('agent_names', 'shown');

COMMENT ON TABLE ops.permits IS 'Requests in flight, and those done that still count for a spacing or a rate';
COMMENT ON COLUMN ops.permits.id IS 'ops.requests.id of the request';
COMMENT ON COLUMN ops.permits.credential IS 'Keyed hash of the credential that limits are counted by';
COMMENT ON COLUMN ops.permits.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.permits.stream IS 'Stream that it is for';
COMMENT ON COLUMN ops.permits.report IS 'The vendor''s report';
COMMENT ON COLUMN ops.permits.backfill IS 'Behind the polls, not one of them';
COMMENT ON COLUMN ops.permits.run_id IS 'The Dagster run that holds it. NULL: none';
COMMENT ON COLUMN ops.permits.lease_s IS 'How long its worker may go without renewing it';
COMMENT ON COLUMN ops.permits.counts_s IS 'How long it counts after reached_at';
COMMENT ON COLUMN ops.permits.granted_at IS 'When it was granted';
COMMENT ON COLUMN ops.permits.expires_at IS 'When it counts as lost unless its worker renews it';
COMMENT ON COLUMN ops.permits.reached_at IS 'When the vendor had surely received the request. NULL: it is in flight';

COMMENT ON TABLE ops.holds IS 'Pauses that a vendor asked for';
COMMENT ON COLUMN ops.holds.credential IS 'Keyed hash of the credential';
COMMENT ON COLUMN ops.holds.since IS 'When the vendor asked';
COMMENT ON COLUMN ops.holds.until IS 'No request with the credential before this';

COMMENT ON TABLE ops.waiters IS 'Who waits for a permit, in order';
COMMENT ON COLUMN ops.waiters.id IS 'The place in the queue';
COMMENT ON COLUMN ops.waiters.credential IS 'Keyed hash of the credential';
COMMENT ON COLUMN ops.waiters.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.waiters.stream IS 'Stream that it is for';
COMMENT ON COLUMN ops.waiters.report IS 'The vendor''s report';
COMMENT ON COLUMN ops.waiters.holder IS 'Who waits';
COMMENT ON COLUMN ops.waiters.backfill IS 'Behind the polls, but not for ever';
COMMENT ON COLUMN ops.waiters.away IS 'A poll that comes back at its next tick: its place is kept until expires_at';
COMMENT ON COLUMN ops.waiters.reason IS 'spacing, queue, rate, concurrency, or vendor: it asked for a pause';
COMMENT ON COLUMN ops.waiters.run_id IS 'The Dagster run that waits. NULL: none';
COMMENT ON COLUMN ops.waiters.since IS 'Since when; of a backfill: since one of its report went last';
COMMENT ON COLUMN ops.waiters.looked_at IS 'When it asked last';
COMMENT ON COLUMN ops.waiters.ready_at IS 'When the spacing of its report is over';
COMMENT ON COLUMN ops.waiters.expected_at IS 'About when it will be granted';
COMMENT ON COLUMN ops.waiters.expires_at IS 'When the place is given up unless asked for again';

COMMENT ON TABLE ops.quotas IS 'Requests made of a daily quota';
COMMENT ON COLUMN ops.quotas.bucket IS 'What shares the quota: a vendor''s operation';
COMMENT ON COLUMN ops.quotas.day IS 'The vendor''s local day';
COMMENT ON COLUMN ops.quotas.used IS 'Requests made';
COMMENT ON COLUMN ops.quotas.by_backfill IS 'Of these behind the polls';
COMMENT ON COLUMN ops.quotas.exhausted_until IS 'Until when the vendor itself said that the quota is used up. NULL: it didn''t';

COMMENT ON TABLE ops.backfills IS 'How far running backfills have come';
COMMENT ON COLUMN ops.backfills.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.backfills.stream IS 'Stream that is read';
COMMENT ON COLUMN ops.backfills.run_id IS 'The Dagster run; empty: none';
COMMENT ON COLUMN ops.backfills.windows IS 'Windows to read: a request each, or more';
COMMENT ON COLUMN ops.backfills.done IS 'Windows read, failed or put off';
COMMENT ON COLUMN ops.backfills.spacing_s IS 'Seconds that the vendor wants between two requests of a report';
COMMENT ON COLUMN ops.backfills.started_at IS 'When it began';
COMMENT ON COLUMN ops.backfills.seen_at IS 'When it was heard of last';

COMMENT ON TABLE ops.settings IS 'Settings that every host shares';
COMMENT ON COLUMN ops.settings.name IS 'The setting';
COMMENT ON COLUMN ops.settings.value IS 'Its value';

-- schema/41_ops_locks
-- Rows to lock, by those who may write here. Advisory locks are anybody's who may connect: an analyst
-- who took one, by accident or not, would stop the loading.
CREATE TABLE ops.locks (
    name text PRIMARY KEY
) WITH (fillfactor = 50);
COMMENT ON TABLE ops.locks IS 'What transactions make each other wait for';
COMMENT ON COLUMN ops.locks.name IS 'What is locked';

-- schema/41_ops_reads
CREATE TABLE ops.reads (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account    text        NOT NULL,
    stream     text        NOT NULL,
    days       date[]      NOT NULL,
    live       boolean     NOT NULL,
    holder     text        NOT NULL,
    run_id     text,
    began_at   timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX reads_by_stream ON ops.reads (account, stream);

COMMENT ON TABLE ops.reads IS 'Windows that are being read right now: no other run reads them meanwhile';
COMMENT ON COLUMN ops.reads.id IS 'The lease';
COMMENT ON COLUMN ops.reads.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.reads.stream IS 'Stream that is read';
COMMENT ON COLUMN ops.reads.days IS 'Business days that are read in full; none: a poll reads on';
COMMENT ON COLUMN ops.reads.live IS 'A poll''s present day or what came since; not an older day';
COMMENT ON COLUMN ops.reads.holder IS 'Who reads: one process of a run';
COMMENT ON COLUMN ops.reads.run_id IS 'The Dagster run that reads. NULL: none';
COMMENT ON COLUMN ops.reads.began_at IS 'Since when';
COMMENT ON COLUMN ops.reads.expires_at IS 'When its reader counts as lost unless it goes on';

-- schema/41_ops_suppressed
-- Who has been forgotten, by keyed hashes (ops.settings.caller_secret). Whatever lands looks here.
CREATE TABLE ops.suppressed (
    hash          text        PRIMARY KEY,
    kind          text        NOT NULL CHECK (kind IN ('number', 'record', 'account')),
    keeps_calls   boolean     NOT NULL,
    tail          integer,
    suppressed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ops.suppressed IS 'Who has been forgotten, by a keyed hash: their records are left out of every load';
COMMENT ON COLUMN ops.suppressed.hash IS 'Keyed hash of a number in E.164, of a record''s key or of an account''s name';
COMMENT ON COLUMN ops.suppressed.kind IS 'What it is of: number, record or account';
COMMENT ON COLUMN ops.suppressed.keeps_calls IS 'Calls stay, without the person';
COMMENT ON COLUMN ops.suppressed.tail IS 'Of a number: 16 bits of a keyed hash of its last digits, which one number in 65,536 has. NULL: it is of something else';
COMMENT ON COLUMN ops.suppressed.suppressed_at IS 'Since when';

CREATE TABLE ops.suppressed_records (
    account       text        NOT NULL,
    stream        text        NOT NULL,
    record_hash   text        NOT NULL,
    call_date     date        NOT NULL,
    is_kept       boolean     NOT NULL,
    seen_at       timestamptz NOT NULL,
    missing_since timestamptz,
    PRIMARY KEY (account, stream, record_hash)
);
CREATE INDEX suppressed_records_by_day ON ops.suppressed_records (call_date, account, stream);
COMMENT ON TABLE ops.suppressed_records IS 'Records of those who have been forgotten: left out, or kept without the person';
COMMENT ON COLUMN ops.suppressed_records.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.suppressed_records.stream IS 'Stream of the vendor';
COMMENT ON COLUMN ops.suppressed_records.record_hash IS 'Keyed hash of the record''s key';
COMMENT ON COLUMN ops.suppressed_records.call_date IS 'Business day of its start';
COMMENT ON COLUMN ops.suppressed_records.is_kept IS 'It is in the tables, without the person. false: it is in none, and counted in ops.days.suppressed';
COMMENT ON COLUMN ops.suppressed_records.seen_at IS 'When the vendor last showed it, or it was erased';
COMMENT ON COLUMN ops.suppressed_records.missing_since IS 'Since when full reads of its day no longer return it';

CREATE TABLE ops.erasures (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash        text        NOT NULL,
    kind        text        NOT NULL,
    keeps_calls boolean     NOT NULL,
    began_at    timestamptz NOT NULL,
    ended_at    timestamptz,
    erased      jsonb       NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE ops.erasures IS 'What was erased when: the proof, without the person';
COMMENT ON COLUMN ops.erasures.id IS 'In their order';
COMMENT ON COLUMN ops.erasures.hash IS 'Of whom: ops.suppressed.hash';
COMMENT ON COLUMN ops.erasures.kind IS 'By what: number, record or account';
COMMENT ON COLUMN ops.erasures.keeps_calls IS 'Calls stayed, without the person';
COMMENT ON COLUMN ops.erasures.began_at IS 'When it began';
COMMENT ON COLUMN ops.erasures.ended_at IS 'When nothing was left. NULL: it was interrupted: run it again';
COMMENT ON COLUMN ops.erasures.erased IS 'How many rows of which table, files and texts';
