-- Recordings of before a day that had their audio and are rejected now, so that no fact says where it is:
-- raw does, as long as it is kept; else it follows from the record. Not those whose audio is gone.
SELECT DISTINCT h.call_date, h.account, h.record_key, v.payload ->> 'audio_uri' AS uri
  FROM ops.rejects r
  JOIN raw.heads h ON h.account = r.account AND h.stream = ANY(CAST(:streams AS text[])) AND h.record_key = r.record_key
  LEFT JOIN raw.records v ON v.call_date = h.call_date AND v.account = h.account AND v.stream = h.stream
                         AND v.record_key = h.record_key AND v.version = h.version
 WHERE r.resolved_at IS NULL AND h.call_date < :before AND h.digest <> ops.no_digest()
 ORDER BY h.call_date LIMIT :most;
