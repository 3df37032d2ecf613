CREATE TABLE facts.calls (
    call_date        date        NOT NULL,
    account          text        NOT NULL,
    stream           text        NOT NULL,
    call_id          text        NOT NULL,
    vendor           text        NOT NULL,
    grain            text        NOT NULL CHECK (grain IN ('call', 'ivr_session', 'callback_request', 'recorded_call')),
    direction        text        NOT NULL CHECK (direction IN ('inbound', 'outbound', 'internal', 'unknown')),
    started_at       timestamptz NOT NULL,
    answered_at      timestamptz,
    ended_at         timestamptz,
    duration_s       double precision,
    talk_s           double precision,
    wait_s           double precision,
    ring_s           double precision,
    from_number      text,
    to_number        text,
    from_e164        text,
    to_e164          text,
    disposition      text        NOT NULL CHECK (disposition IN (
        'answered', 'no_answer', 'busy', 'failed', 'abandoned', 'canceled', 'voicemail', 'machine',
        'blocked', 'out_of_hours', 'ivr_contained', 'transferred', 'queued', 'in_progress', 'unknown')),
    disposition_raw  text,
    is_final         boolean     NOT NULL,
    ended_by         text        CHECK (ended_by IN ('agent', 'customer', 'system', 'unknown')),
    end_reason       text,
    agent_id         text,
    agent_name       text,
    queue_id         text,
    queue_name       text,
    campaign_id      text,
    campaign_name    text,
    flow_id          text,
    flow_name        text,
    attempt_no       integer,
    transferred_to   text,
    wrapup_code      text,
    wrapup_name      text,
    cost             numeric,
    currency         text,
    has_recording    boolean,
    attributes       jsonb,
    first_seen_at    timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    missing_since    timestamptz,
    PRIMARY KEY (call_date, account, stream, call_id)
) PARTITION BY RANGE (call_date);
-- Whoever filters by started_at alone must not read every row of every day (docs/decisions).
CREATE INDEX calls_started_at ON facts.calls (started_at);
COMMENT ON TABLE facts.calls IS 'One call in its latest state. What one row counts differs by vendor: always filter or group by grain';
COMMENT ON COLUMN facts.calls.call_date IS 'Business day: the local date of its start in the account''s time zone. The partition: filter by it, and a query reads only those days';
COMMENT ON COLUMN facts.calls.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN facts.calls.stream IS 'Stream of the vendor''s that it came by, such as calls';
COMMENT ON COLUMN facts.calls.call_id IS 'The vendor''s key of the record; unique with account and stream (facts.find_calls finds one by it alone)';
COMMENT ON COLUMN facts.calls.vendor IS 'evolux, conpeek, clickfono, wolkvox or vono';
COMMENT ON COLUMN facts.calls.grain IS 'What one row is: call (somebody''s call), ivr_session (a pass through an IVR flow), callback_request (a request to be called, with all its attempts), recorded_call (a call of which a recording exists; others are absent). Never add rows of different grains';
COMMENT ON COLUMN facts.calls.direction IS 'inbound, outbound, internal, or unknown where the vendor doesn''t say';
COMMENT ON COLUMN facts.calls.started_at IS 'When it began';
COMMENT ON COLUMN facts.calls.answered_at IS 'When the conversation began. NULL: nobody answered, or the vendor doesn''t say when';
COMMENT ON COLUMN facts.calls.ended_at IS 'When it ended. NULL: still going on, or the vendor doesn''t say';
COMMENT ON COLUMN facts.calls.duration_s IS 'Seconds from start to end. NULL: not known (yet); never 0 for unknown';
COMMENT ON COLUMN facts.calls.talk_s IS 'Seconds of conversation. NULL: not known; 0: the vendor says that nobody talked';
COMMENT ON COLUMN facts.calls.wait_s IS 'Seconds that the caller waited for an answer, in queues or ringing. NULL: the vendor doesn''t say';
COMMENT ON COLUMN facts.calls.ring_s IS 'Seconds that a phone rang. NULL: the vendor doesn''t say';
COMMENT ON COLUMN facts.calls.from_number IS 'Who called, as the vendor writes it. Personal data: masked for callhouse_analyst';
COMMENT ON COLUMN facts.calls.to_number IS 'Who was called, as the vendor writes it. Personal data: masked for callhouse_analyst';
COMMENT ON COLUMN facts.calls.from_e164 IS 'from_number in E.164 (+ and digits), by the account''s country where it is national: the same in every vendor, so join by it. NULL for extensions and whatever isn''t a telephone number';
COMMENT ON COLUMN facts.calls.to_e164 IS 'to_number in E.164 (+ and digits), by the account''s country where it is national: the same in every vendor, so join by it. NULL for extensions and whatever isn''t a telephone number';
COMMENT ON COLUMN facts.calls.disposition IS 'How it ended, in one vocabulary for all vendors. What counts as answered or abandoned is said by facts.outcome(disposition, direction, is_final)';
COMMENT ON COLUMN facts.calls.disposition_raw IS 'How it ended, in the vendor''s own word';
COMMENT ON COLUMN facts.calls.is_final IS 'false: the vendor may still change it (it goes on, or will be tried again), so its figures aren''t final';
COMMENT ON COLUMN facts.calls.ended_by IS 'Who hung up: agent, customer, system or unknown. NULL: the vendor doesn''t report it';
COMMENT ON COLUMN facts.calls.end_reason IS 'Why it ended, in the vendor''s own word';
COMMENT ON COLUMN facts.calls.agent_id IS 'The agent, by the vendor''s key. NULL: none was involved, or the vendor doesn''t say';
COMMENT ON COLUMN facts.calls.agent_name IS 'The agent''s name';
COMMENT ON COLUMN facts.calls.queue_id IS 'What the call waited for, by the vendor''s key: a queue, skill or popup';
COMMENT ON COLUMN facts.calls.queue_name IS 'The queue''s, skill''s or popup''s name';
COMMENT ON COLUMN facts.calls.campaign_id IS 'The outbound campaign, by the vendor''s key';
COMMENT ON COLUMN facts.calls.campaign_name IS 'The campaign''s name';
COMMENT ON COLUMN facts.calls.flow_id IS 'The IVR flow, by the vendor''s key';
COMMENT ON COLUMN facts.calls.flow_name IS 'The IVR flow''s name';
COMMENT ON COLUMN facts.calls.attempt_no IS 'Of a callback request: the number of its latest attempt, from 1';
COMMENT ON COLUMN facts.calls.transferred_to IS 'Where the call was passed on to. May be a number: masked for callhouse_analyst';
COMMENT ON COLUMN facts.calls.wrapup_code IS 'What the agent noted about the call afterwards, by the vendor''s key; may come days later';
COMMENT ON COLUMN facts.calls.wrapup_name IS 'The wrap-up code''s text';
COMMENT ON COLUMN facts.calls.cost IS 'What the vendor charges for it, in currency. Never add different currencies';
COMMENT ON COLUMN facts.calls.currency IS 'ISO 4217 code of cost: the account''s, as vendors name none. NULL where cost is';
COMMENT ON COLUMN facts.calls.has_recording IS 'Whether a recording exists. NULL: the vendor doesn''t say';
COMMENT ON COLUMN facts.calls.attributes IS 'What else the vendor says of it, unmapped. May hold personal data: hidden from callhouse_analyst';
COMMENT ON COLUMN facts.calls.first_seen_at IS 'When Callhouse first saw it';
COMMENT ON COLUMN facts.calls.updated_at IS 'When this row last changed in Callhouse; not a time of the vendor''s';
COMMENT ON COLUMN facts.calls.missing_since IS 'Since when full reads of its day no longer return it; NULL: the vendor has it. Marts count it apart, as missing';
