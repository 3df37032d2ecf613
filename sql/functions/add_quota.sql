-- Adds a row's counts, by credential too, to its bucket's day. Of what the vendor said of it the later counts.
CREATE OR REPLACE FUNCTION ops.add_quota(p_more ops.quotas) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ops.quotas AS q (bucket, day, used, by_backfill, exhausted_until, by_credential)
    VALUES (p_more.bucket, p_more.day, p_more.used, p_more.by_backfill, p_more.exhausted_until, p_more.by_credential)
    ON CONFLICT (bucket, day) DO UPDATE
        SET used = q.used + excluded.used, by_backfill = q.by_backfill + excluded.by_backfill,
            exhausted_until = greatest(q.exhausted_until, excluded.exhausted_until),
            by_credential = q.by_credential || (
                SELECT coalesce(jsonb_object_agg(part.key, jsonb_build_array(
                           coalesce((q.by_credential -> part.key ->> 0)::integer, 0) + (part.value ->> 0)::integer,
                           coalesce((q.by_credential -> part.key ->> 1)::integer, 0) + (part.value ->> 1)::integer)),
                       '{}')
                  FROM jsonb_each(excluded.by_credential) AS part);
END $$;
