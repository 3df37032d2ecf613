-- Where what isn't simply new in a batch waits to be merged; emptied at every commit, made once a
-- connection.
CREATE TEMP TABLE IF NOT EXISTS stage_records (
    record_key text, call_date date, old_date date, version integer, is_new_version boolean,
    digest uuid, observed_at timestamptz, first_seen_at timestamptz,
    is_open boolean, rejected boolean, missing_since timestamptz
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS stage_rejects (
    record_key text, call_date date, digest uuid, field text, reason text, payload jsonb
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS stage_calls (LIKE facts.calls INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS stage_call_legs (LIKE facts.call_legs INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS stage_call_events (LIKE facts.call_events INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS stage_recordings (LIKE facts.recordings INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS stage_agent_usage (LIKE facts.agent_usage INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS stage_audio (
    call_date date, account text, stream text, recording_id text, audio_uri text, audio_sha256 text
) ON COMMIT DELETE ROWS;
