-- Records of somebody forgotten that were read, or erased: counted, and left out from now on. Returns
-- the days whose counts they change.
WITH told AS (
    SELECT r.record_hash, r.call_date, r.is_kept, r.seen_at
      FROM unnest(CAST(:hashes AS text[]), CAST(:days AS date[]), CAST(:kept AS boolean[]), CAST(:seen AS timestamptz[]))
           AS r (record_hash, call_date, is_kept, seen_at)
), known AS (
    SELECT record_hash, s.call_date FROM ops.suppressed_records s JOIN told USING (record_hash)
     WHERE s.account = :account AND s.stream = :stream
), written AS (
    INSERT INTO ops.suppressed_records AS s (account, stream, record_hash, call_date, is_kept, seen_at)
    SELECT :account, :stream, record_hash, call_date, is_kept, seen_at FROM told
    ON CONFLICT (account, stream, record_hash) DO UPDATE
       SET call_date = excluded.call_date, is_kept = excluded.is_kept, seen_at = excluded.seen_at, missing_since = NULL
     WHERE s.seen_at <= excluded.seen_at AND coalesce(s.missing_since <= excluded.seen_at, true)
       AND ((s.call_date, s.is_kept) <> (excluded.call_date, excluded.is_kept) OR s.missing_since IS NOT NULL)
    RETURNING record_hash, call_date
)
SELECT call_date FROM written UNION SELECT known.call_date FROM known JOIN written USING (record_hash);
