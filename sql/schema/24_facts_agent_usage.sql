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
