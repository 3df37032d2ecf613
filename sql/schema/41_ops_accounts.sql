-- What analysts need to know of accounts.toml; no address and no secret.
CREATE TABLE ops.accounts (
    account    text        PRIMARY KEY,
    vendor     text        NOT NULL,
    timezone   text        NOT NULL,
    country    text        NOT NULL,
    currency   text,
    start_date date        NOT NULL,
    streams    text[]      NOT NULL,
    tells      text[]      NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    left_at    timestamptz,
    settings_since timestamptz
);
COMMENT ON TABLE ops.accounts IS 'Accounts as accounts.toml had them when they were read last';
COMMENT ON COLUMN ops.accounts.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.accounts.vendor IS 'Its vendor';
COMMENT ON COLUMN ops.accounts.timezone IS 'Its time zone';
COMMENT ON COLUMN ops.accounts.country IS 'Its country, ISO 3166';
COMMENT ON COLUMN ops.accounts.currency IS 'The currency of its costs, ISO 4217. NULL: none is named';
COMMENT ON COLUMN ops.accounts.start_date IS 'The first business day that is loaded';
COMMENT ON COLUMN ops.accounts.streams IS 'The streams that are loaded';
COMMENT ON COLUMN ops.accounts.tells IS 'What its vendor tells of calls';
COMMENT ON COLUMN ops.accounts.changed_at IS 'When one of these changed last';
COMMENT ON COLUMN ops.accounts.left_at IS 'Since when accounts.toml doesn''t have it any more. NULL: it has';
COMMENT ON COLUMN ops.accounts.settings_since IS 'Since when it has this time zone, country and currency. NULL: not known';

-- A calendar's working days, by a library's word: one row a country and year.
CREATE TABLE ops.holidays (
    country text    NOT NULL,
    year    integer NOT NULL,
    days    jsonb,
    PRIMARY KEY (country, year)
);
COMMENT ON TABLE ops.holidays IS 'Public holidays of the accounts'' countries';
COMMENT ON COLUMN ops.holidays.country IS 'ISO 3166';
COMMENT ON COLUMN ops.holidays.year IS 'The year';
COMMENT ON COLUMN ops.holidays.days IS 'The holidays'' names by day. NULL: not known of this country';
