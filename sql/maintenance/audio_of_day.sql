SELECT audio_uri AS uri FROM facts.recordings WHERE call_date = :day AND audio_uri IS NOT NULL
UNION
SELECT payload ->> 'audio_uri' FROM raw.records WHERE call_date = :day AND payload ->> 'audio_uri' IS NOT NULL;
