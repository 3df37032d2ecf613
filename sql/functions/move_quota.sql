-- What was counted on a day where a locked credential was counted before counts in this bucket from now on, and in no
-- other: its account has another name or operation since, but to the vendor it is the same customer, who may not ask
-- anew. That is so of all that the bucket counted, by whatever credential: two tokens of one customer, or the token
-- before this one. Where an operation is really split, each part counts both for the rest of the day. What the vendor
-- said of the quota holds in both buckets, also where nothing is counted. Whoever moves a day's counts does it alone,
-- and who counts meanwhile finds that they are elsewhere (ops.count_request).
CREATE OR REPLACE FUNCTION ops.move_quota(p_credential text, p_bucket text, p_day date) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    moved ops.quotas;
BEGIN
    PERFORM FROM ops.quotas q WHERE q.bucket = p_bucket AND q.day = p_day AND q.by_credential ? p_credential FOR UPDATE;
    IF FOUND THEN
        RETURN;
    END IF;
    PERFORM ops.lock('quotas of ' || p_day);
    INSERT INTO ops.quotas AS q (bucket, day, by_credential)
    VALUES (p_bucket, p_day, jsonb_build_object(p_credential, '[0, 0]'::jsonb))
    ON CONFLICT (bucket, day) DO UPDATE SET by_credential = excluded.by_credential || q.by_credential;
    FOR moved IN
        SELECT * FROM ops.quotas q
         WHERE q.day = p_day AND q.bucket <> p_bucket AND q.by_credential ? p_credential FOR UPDATE
    LOOP
        UPDATE ops.quotas q SET used = 0, by_backfill = 0, by_credential = '{}'
         WHERE q.bucket = moved.bucket AND q.day = p_day;
        moved.bucket := p_bucket;
        PERFORM ops.add_quota(moved);
    END LOOP;
END $$;
