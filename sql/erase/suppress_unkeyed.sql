INSERT INTO ops.suppressed_records (account, stream, record_hash, call_date, is_kept, seen_at)
SELECT :account, :stream, record_hash, call_date, false, ops.now()
  FROM unnest(CAST(:hashes AS text[]), CAST(:days AS date[])) AS k (record_hash, call_date)
ON CONFLICT DO NOTHING;
