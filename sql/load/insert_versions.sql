INSERT INTO raw.records (call_date, account, stream, record_key, version, payload, first_seen_at, request_id)
SELECT call_date, :account, :stream, record_key, version + 1, payload, observed_at, request_id
  FROM stage_records WHERE is_new_version;
