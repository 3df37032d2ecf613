-- How many of a day's records lack their detail, why, and when the next may be asked for. Of those that
-- are :kept without the person it isn't asked for.
-- (WITH is for Citus, which joins no distributed table with local ones.)
WITH p AS (
    SELECT * FROM facts.{table} WHERE call_date = :day AND account = :account AND stream = :parent
)
SELECT count(*) FILTER (WHERE lacks AND NOT is_given_up) AS pending,
       count(*) FILTER (WHERE lacks AND NOT is_given_up AND error IS NOT NULL) AS in_error,
       count(*) FILTER (WHERE lacks AND is_given_up AND NOT is_rejected AND error IS NULL) AS absent,
       count(*) FILTER (WHERE lacks AND is_given_up AND NOT is_rejected AND error IS NOT NULL) AS useless,
       min(error) FILTER (WHERE lacks) AS error,
       count(*) FILTER (WHERE is_kept AND has_none) AS unasked,
       count(*) AS parents,
       min(next_try_at) FILTER (WHERE lacks AND NOT is_given_up) AS next_try_at
  FROM (SELECT p.missing_since IS NULL AND (h.record_key IS NULL OR h.rejected) AND NOT k.is_kept AS lacks,
               h.record_key IS NULL AS has_none, k.is_kept, coalesce(h.rejected, false) AS is_rejected,
               d.record_key IS NOT NULL AND d.next_try_at IS NULL AS is_given_up,
               d.error, coalesce(d.next_try_at, p.started_at + :delay) AS next_try_at
          FROM p
          CROSS JOIN LATERAL (SELECT {record_key:p} = ANY(CAST(:kept AS text[])) AS is_kept) k
          -- Each looked up by its key: a plain join may read all details that the account has ever had.
          LEFT JOIN LATERAL (
                   SELECT record_key, rejected FROM raw.heads h
                    WHERE h.account = p.account AND h.stream = :stream AND h.record_key = {record_key:p}
                    LIMIT 1) h ON true
          LEFT JOIN ops.details d ON d.account = p.account AND d.stream = :stream AND d.record_key = {record_key:p}) AS parents;
