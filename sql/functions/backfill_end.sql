-- When a backfill will be done at its pace; before its first window is, at the vendor's.
CREATE OR REPLACE FUNCTION ops.backfill_end(p_backfill ops.backfills) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT now() + (p_backfill.windows - p_backfill.done) * CASE
        WHEN p_backfill.done > 0 THEN (now() - p_backfill.started_at) / p_backfill.done
        ELSE make_interval(secs => p_backfill.spacing_s) END
$$;
