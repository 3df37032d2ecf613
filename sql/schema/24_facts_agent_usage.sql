CREATE TABLE facts.agent_usage (
    call_date   date        NOT NULL,
    account     text        NOT NULL,
    stream      text        NOT NULL,
    agent_name  text        NOT NULL,
    vendor      text        NOT NULL,
    calls       bigint,
    cost        numeric,
    currency    text,
    observed_at timestamptz NOT NULL,
    PRIMARY KEY (call_date, account, stream, agent_name)
) PARTITION BY RANGE (call_date);
COMMENT ON TABLE facts.agent_usage IS 'One agent''s totals of one business day, added up by the vendor: never add them to rows of facts.calls, which they contain';
COMMENT ON COLUMN facts.agent_usage.call_date IS 'Business day that the totals are of, in the account''s time zone';
COMMENT ON COLUMN facts.agent_usage.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN facts.agent_usage.stream IS 'Stream of the vendor''s that it came by, such as calls';
COMMENT ON COLUMN facts.agent_usage.agent_name IS 'The agent; the vendor gives no other key';
COMMENT ON COLUMN facts.agent_usage.vendor IS 'evolux, conpeek, clickfono, wolkvox or vono';
COMMENT ON COLUMN facts.agent_usage.calls IS 'Calls of the agent on that day, by the vendor''s own count. NULL: not said';
COMMENT ON COLUMN facts.agent_usage.cost IS 'What the vendor charges for them, in currency. NULL: not said';
COMMENT ON COLUMN facts.agent_usage.currency IS 'ISO 4217 code of cost: the account''s, as vendors name none. NULL where cost is';
COMMENT ON COLUMN facts.agent_usage.observed_at IS 'When these totals were read: those of a day that goes on are the totals so far';
