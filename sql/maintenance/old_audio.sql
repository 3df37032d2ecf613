-- Recordings of before a day that still have their audio.
SELECT call_date, account, recording_id AS record_key, audio_uri AS uri FROM facts.recordings
 WHERE call_date < :before AND audio_uri IS NOT NULL
 ORDER BY call_date LIMIT :most;
