-- Records that are about to be erased, or to stay without the person.
INSERT INTO ops.suppressed_records AS s (account, stream, record_hash, call_date, is_kept, seen_at, missing_since)
SELECT h.account, h.stream, k.record_hash, h.call_date, :is_kept, h.observed_at, h.missing_since
  FROM unnest(CAST(:keys AS text[]), CAST(:hashes AS text[])) AS k (record_key, record_hash)
  JOIN raw.heads h ON h.account = :account AND h.stream = :stream AND h.record_key = k.record_key
ON CONFLICT (account, stream, record_hash) DO UPDATE
   SET call_date = excluded.call_date, is_kept = excluded.is_kept, seen_at = excluded.seen_at,
       missing_since = excluded.missing_since;
