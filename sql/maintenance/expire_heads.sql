-- With what raw has of them in spite of all: a reader held its partition, or they were loaded since it went.
-- Of audio it says which came after the day's had gone.
WITH gone AS (
    DELETE FROM raw.heads WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM raw.heads WHERE call_date = :day LIMIT :most)) RETURNING account, stream, record_key, call_date, digest
), versions AS (
    DELETE FROM raw.records r USING gone g
     WHERE r.call_date = :day AND (r.account, r.stream, r.record_key) = (g.account, g.stream, g.record_key)
)
SELECT g.account, g.call_date, g.record_key, t.audio_uri AS uri,
       g.stream = ANY(CAST(:streams AS text[])) AND g.digest <> ops.no_digest() AS has_audio
  FROM gone g
  LEFT JOIN facts.recordings t ON t.call_date = :day AND t.account = g.account AND t.recording_id = g.record_key
                              AND t.audio_uri IS NOT NULL;
