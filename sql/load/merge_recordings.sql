INSERT INTO facts.recordings AS t (
    call_date, account, stream, recording_id, vendor, started_at, duration_s, size_bytes,
    size_raw, from_number, to_number, first_seen_at, missing_since)
SELECT
    call_date, account, stream, recording_id, vendor, started_at, duration_s, size_bytes,
    size_raw, from_number, to_number, first_seen_at, missing_since
  FROM stage_recordings
ON CONFLICT (call_date, account, stream, recording_id) DO UPDATE
   SET vendor = excluded.vendor, started_at = excluded.started_at,
       duration_s = excluded.duration_s, size_bytes = excluded.size_bytes,
       size_raw = excluded.size_raw, from_number = excluded.from_number,
       to_number = excluded.to_number, updated_at = now(), missing_since = excluded.missing_since
 WHERE (t.vendor, t.started_at, t.duration_s, t.size_bytes, t.size_raw, t.from_number, t.to_number,
        t.missing_since)
       IS DISTINCT FROM
       (excluded.vendor, excluded.started_at, excluded.duration_s, excluded.size_bytes,
        excluded.size_raw, excluded.from_number, excluded.to_number, excluded.missing_since);
