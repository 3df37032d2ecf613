-- Counts what is asked in its bucket of a day; false, and not counted, where p_allowed is used up there, or where the
-- credential's counts are in another bucket: its own calls ops.move_quota before.
-- p_allowed: NULL where it is counted in any case.
CREATE OR REPLACE FUNCTION ops.count_request(p_asked jsonb, p_day date, p_allowed integer) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    p_credential text    := p_asked ->> 'credential';
    behind       integer := (p_asked ->> 'backfill')::boolean::integer;
BEGIN
    UPDATE ops.quotas q
       SET used = q.used + 1, by_backfill = q.by_backfill + behind,
           by_credential = q.by_credential || jsonb_build_object(p_credential, jsonb_build_array(
               (q.by_credential -> p_credential ->> 0)::integer + 1,
               (q.by_credential -> p_credential ->> 1)::integer + behind))
     WHERE q.bucket = p_asked ->> 'bucket' AND q.day = p_day AND q.by_credential ? p_credential
       AND (p_allowed IS NULL OR q.used < p_allowed AND coalesce(q.exhausted_until <= ops.now(), true));
    RETURN FOUND;
END $$;
