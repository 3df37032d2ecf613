-- Where what isn't simply new in a batch waits to be merged, for this transaction alone: in a pooler
-- the session is somebody else's next, and a stage that stays would have the columns of before a
-- migration. Each table of facts has one beside these (load/stage).
DROP TABLE IF EXISTS pg_temp.stage_records, pg_temp.stage_rejects;
CREATE TEMP TABLE stage_records (
    record_key text, call_date date, old_date date, version integer, is_new_version boolean,
    digest uuid, observed_at timestamptz, first_seen_at timestamptz,
    is_open boolean, rejected boolean, faults jsonb, missing_since timestamptz, twins uuid[], has_head boolean
) ON COMMIT DROP;
CREATE TEMP TABLE stage_rejects (
    record_key text, call_date date, digest uuid, field text, reason text, payload jsonb
) ON COMMIT DROP;
