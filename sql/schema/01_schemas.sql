CREATE SCHEMA raw;
CREATE SCHEMA facts;
CREATE SCHEMA ops;
CREATE SCHEMA marts;
COMMENT ON SCHEMA raw IS 'Records as the vendors sent them, secrets redacted, every version';
COMMENT ON SCHEMA facts IS 'Normalised call facts, partitioned by business day';
COMMENT ON SCHEMA ops IS 'How loading goes: requests, limits, completeness, rejects';
COMMENT ON SCHEMA marts IS 'What analysts ask most, ready to read';
