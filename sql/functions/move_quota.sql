-- What a locked credential has used of a day counts in this bucket from now on, and in no other: its account has
-- another name or operation since, but to the vendor it is the same customer, who may not ask anew. So is what the
-- vendor said of the quota. The rows are locked in order, as other credentials of theirs may move at the same time.
CREATE OR REPLACE FUNCTION ops.move_quota(p_credential text, p_bucket text, p_day date) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    moved record;
BEGIN
    IF EXISTS (SELECT FROM ops.quotas q
                WHERE q.bucket = p_bucket AND q.day = p_day AND q.by_credential ? p_credential) THEN
        RETURN;
    END IF;
    PERFORM FROM ops.quotas q
      WHERE q.day = p_day AND (q.bucket = p_bucket OR q.by_credential ? p_credential) ORDER BY q.bucket FOR UPDATE;
    SELECT coalesce(sum((q.by_credential -> p_credential ->> 0)::integer), 0) AS used,
           coalesce(sum((q.by_credential -> p_credential ->> 1)::integer), 0) AS by_backfill,
           max(q.exhausted_until) AS exhausted_until
      INTO moved FROM ops.quotas q WHERE q.day = p_day AND q.bucket <> p_bucket AND q.by_credential ? p_credential;
    UPDATE ops.quotas q
       SET used = q.used - (q.by_credential -> p_credential ->> 0)::integer,
           by_backfill = q.by_backfill - (q.by_credential -> p_credential ->> 1)::integer,
           by_credential = q.by_credential - p_credential
     WHERE q.day = p_day AND q.bucket <> p_bucket AND q.by_credential ? p_credential;
    INSERT INTO ops.quotas AS q (bucket, day, used, by_backfill, exhausted_until, by_credential)
    VALUES (p_bucket, p_day, moved.used, moved.by_backfill, moved.exhausted_until,
            jsonb_build_object(p_credential, jsonb_build_array(moved.used, moved.by_backfill)))
    ON CONFLICT (bucket, day) DO UPDATE
        SET used = q.used + excluded.used, by_backfill = q.by_backfill + excluded.by_backfill,
            exhausted_until = greatest(q.exhausted_until, excluded.exhausted_until),
            by_credential = q.by_credential || excluded.by_credential;
END $$;
