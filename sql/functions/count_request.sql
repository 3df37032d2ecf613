-- Counts what is asked in its bucket of a day; false, and not counted, where p_allowed is used up there.
-- p_allowed: NULL where it is counted in any case.
CREATE OR REPLACE FUNCTION ops.count_request(p_asked jsonb, p_day date, p_allowed integer) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    p_credential text    := p_asked ->> 'credential';
    behind       integer := (p_asked ->> 'backfill')::boolean::integer;
BEGIN
    INSERT INTO ops.quotas AS q (bucket, day, used, by_backfill, by_credential)
    VALUES (p_asked ->> 'bucket', p_day, 1, behind, jsonb_build_object(p_credential, jsonb_build_array(1, behind)))
    ON CONFLICT (bucket, day) DO UPDATE
        SET used = q.used + 1, by_backfill = q.by_backfill + behind,
            by_credential = q.by_credential || jsonb_build_object(p_credential, jsonb_build_array(
                coalesce((q.by_credential -> p_credential ->> 0)::integer, 0) + 1,
                coalesce((q.by_credential -> p_credential ->> 1)::integer, 0) + behind))
        WHERE p_allowed IS NULL OR q.used < p_allowed AND coalesce(q.exhausted_until <= ops.now(), true);
    RETURN FOUND;
END $$;
