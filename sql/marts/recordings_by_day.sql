SELECT call_date, account, vendor,
       count(*) FILTER (WHERE missing_since IS NULL) AS recordings, count(missing_since) AS missing_recordings,
       count(audio_uri) FILTER (WHERE missing_since IS NULL) AS fetched,
       count(audio_uri) FILTER (WHERE missing_since IS NULL)::float8
           / nullif(count(*) FILTER (WHERE missing_since IS NULL), 0) AS fetched_share,
       sum(duration_s) FILTER (WHERE missing_since IS NULL) AS recorded_s,
       sum(size_bytes) FILTER (WHERE missing_since IS NULL) AS size_bytes
  FROM facts.recordings WHERE call_date = :day GROUP BY call_date, account, vendor
