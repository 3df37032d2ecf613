-- Files of audio, of every version.
SELECT DISTINCT payload ->> 'audio_uri' AS uri FROM raw.records
 WHERE call_date = ANY(:days) AND account = :account AND stream = :stream
   AND record_key = ANY(CAST(:keys AS text[])) AND payload ->> 'audio_uri' IS NOT NULL
UNION
SELECT audio_uri FROM facts.recordings
 WHERE call_date = ANY(:days) AND account = :account AND recording_id = ANY(CAST(:keys AS text[]))
   AND audio_uri IS NOT NULL;
