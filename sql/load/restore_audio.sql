-- Recordings whose row is new, though their audio was fetched before: they moved to another day,
-- or were rejected for a while.
UPDATE facts.recordings t
   SET audio_uri = r.payload ->> 'audio_uri', audio_sha256 = r.payload ->> 'audio_sha256'
  FROM stage_recordings s
  JOIN raw.heads h ON h.account = s.account AND h.stream = ANY(:details) AND h.record_key = s.recording_id
                  AND NOT h.rejected
  JOIN raw.records r ON r.call_date = h.call_date AND r.account = h.account AND r.stream = h.stream
                    AND r.record_key = h.record_key AND r.version = h.version
 WHERE t.call_date = ANY(:days) AND r.call_date = ANY(:days)
   AND t.call_date = s.call_date AND t.account = s.account AND t.stream = s.stream
   AND t.recording_id = s.recording_id AND t.audio_uri IS NULL;
