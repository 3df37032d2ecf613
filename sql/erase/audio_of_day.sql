-- Files of audio of a day, of one account or of all.
SELECT audio_uri AS uri FROM facts.recordings
 WHERE call_date = :day AND (CAST(:account AS text) IS NULL OR account = :account) AND audio_uri IS NOT NULL
UNION
SELECT payload ->> 'audio_uri' FROM raw.records
 WHERE call_date = :day AND (CAST(:account AS text) IS NULL OR account = :account) AND payload ->> 'audio_uri' IS NOT NULL;
