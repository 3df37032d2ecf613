CREATE TABLE facts.call_legs (
    call_date        date        NOT NULL,
    account          text        NOT NULL,
    stream           text        NOT NULL,
    leg_id           text        NOT NULL,
    vendor           text        NOT NULL,
    leg_type         text,
    direction        text        NOT NULL CHECK (direction IN ('inbound', 'outbound', 'internal', 'unknown')),
    started_at       timestamptz NOT NULL,
    answered_at      timestamptz,
    ended_at         timestamptz,
    duration_s       double precision,
    talk_s           double precision,
    wait_s           double precision,
    from_number      text,
    to_number        text,
    from_e164        text,
    to_e164          text,
    machine_detected boolean,
    end_reason       text,
    attributes       jsonb,
    first_seen_at    timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    missing_since    timestamptz,
    PRIMARY KEY (call_date, account, stream, leg_id)
) PARTITION BY RANGE (call_date);
CREATE INDEX call_legs_started_at ON facts.call_legs (started_at);
COMMENT ON TABLE facts.call_legs IS 'One side (leg) of a call: two or more rows a call, so never a count of calls';
COMMENT ON COLUMN facts.call_legs.call_date IS 'Business day: the local date of its start in the account''s time zone';
COMMENT ON COLUMN facts.call_legs.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN facts.call_legs.stream IS 'Stream of the vendor''s that it came by, such as calls';
COMMENT ON COLUMN facts.call_legs.leg_id IS 'The vendor''s key of the leg; the call_id of the customer''s side in facts.calls is the same';
COMMENT ON COLUMN facts.call_legs.vendor IS 'evolux, conpeek, clickfono, wolkvox or vono';
COMMENT ON COLUMN facts.call_legs.leg_type IS 'Whose side it is, in the vendor''s word: EXTERNAL is the customer''s, CONSULTANT an agent''s';
COMMENT ON COLUMN facts.call_legs.direction IS 'inbound, outbound, internal, or unknown where the vendor doesn''t say';
COMMENT ON COLUMN facts.call_legs.started_at IS 'When the leg began';
COMMENT ON COLUMN facts.call_legs.answered_at IS 'When it was answered, technically: a machine may have. NULL: it wasn''t';
COMMENT ON COLUMN facts.call_legs.ended_at IS 'When it ended. NULL: still going on, or the vendor doesn''t say';
COMMENT ON COLUMN facts.call_legs.duration_s IS 'Seconds from start to end. NULL: not known (yet)';
COMMENT ON COLUMN facts.call_legs.talk_s IS 'Seconds of conversation. NULL: not known; 0: nobody talked';
COMMENT ON COLUMN facts.call_legs.wait_s IS 'Seconds of waiting. NULL: the vendor doesn''t say';
COMMENT ON COLUMN facts.call_legs.from_number IS 'Who called, as the vendor writes it. Personal data: masked for callhouse_analyst';
COMMENT ON COLUMN facts.call_legs.to_number IS 'Who was called, as the vendor writes it. Personal data: masked for callhouse_analyst';
COMMENT ON COLUMN facts.call_legs.from_e164 IS 'from_number in E.164 (+ and digits), by the account''s country where it is national: the same in every vendor, so join by it. NULL for extensions and whatever isn''t a telephone number';
COMMENT ON COLUMN facts.call_legs.to_e164 IS 'to_number in E.164 (+ and digits), by the account''s country where it is national: the same in every vendor, so join by it. NULL for extensions and whatever isn''t a telephone number';
COMMENT ON COLUMN facts.call_legs.machine_detected IS 'Whether an answering machine took the call. NULL: the vendor doesn''t say';
COMMENT ON COLUMN facts.call_legs.end_reason IS 'Why it ended, in the vendor''s own word';
COMMENT ON COLUMN facts.call_legs.attributes IS 'What else the vendor says of it, unmapped. May hold personal data: hidden from callhouse_analyst';
COMMENT ON COLUMN facts.call_legs.first_seen_at IS 'When Callhouse first saw it';
COMMENT ON COLUMN facts.call_legs.updated_at IS 'When this row last changed in Callhouse; not a time of the vendor''s';
COMMENT ON COLUMN facts.call_legs.missing_since IS 'Since when full reads of its day no longer return it; NULL: the vendor has it. Marts count it apart, as missing';
