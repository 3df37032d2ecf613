-- Where what isn't simply new in a batch waits to be merged; emptied at every commit, made once a
-- connection. Each table of facts has one beside these (load/stage).
CREATE TEMP TABLE IF NOT EXISTS stage_records (
    record_key text, call_date date, old_date date, version integer, is_new_version boolean,
    digest uuid, observed_at timestamptz, first_seen_at timestamptz,
    is_open boolean, rejected boolean, missing_since timestamptz
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS stage_rejects (
    record_key text, call_date date, digest uuid, field text, reason text, payload jsonb
) ON COMMIT DELETE ROWS;
