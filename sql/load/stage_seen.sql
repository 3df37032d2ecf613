-- Where the keys that a read showed wait to be compared with what is known.
DROP TABLE IF EXISTS pg_temp.stage_seen;
CREATE TEMP TABLE stage_seen (record_key text) ON COMMIT DROP;
