CREATE OR REPLACE FUNCTION ops.build_recordings_by_day(p_day date)
RETURNS SETOF marts.recordings_by_day LANGUAGE sql STABLE AS $$
    SELECT p_day, account, vendor,
           count(*) FILTER (WHERE missing_since IS NULL), count(missing_since),
           count(audio_uri) FILTER (WHERE missing_since IS NULL),
           count(audio_uri) FILTER (WHERE missing_since IS NULL)::float8
               / nullif(count(*) FILTER (WHERE missing_since IS NULL), 0),
           sum(duration_s) FILTER (WHERE missing_since IS NULL),
           sum(size_bytes) FILTER (WHERE missing_since IS NULL)
      FROM facts.recordings WHERE call_date = p_day GROUP BY account, vendor
$$;
