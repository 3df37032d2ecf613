-- Where the keys that a read showed wait to be compared with what is known.
CREATE TEMP TABLE IF NOT EXISTS stage_seen (record_key text) ON COMMIT DELETE ROWS;
TRUNCATE stage_seen;
