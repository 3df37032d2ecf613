-- A record has its latest attempt only; its versions in raw have the times of the others, as far as reads
-- saw them, each on the day that it was of then. What raw has lost for its age is in the mart as it was: on
-- the day that the request was of then, which is refreshed after this one.
WITH sighting AS (
    SELECT c.account, c.stream, c.call_id, r.payload ->> 'retry' AS attempt_no,
           (r.payload ->> 'call_at')::timestamptz AS at
      FROM facts.calls c
     CROSS JOIN LATERAL (
        SELECT payload FROM raw.records
         WHERE call_date BETWEEN CAST(:day AS date) - 31 AND CAST(:day AS date)
           AND account = c.account AND stream = c.stream AND record_key = c.call_id
           AND pg_input_is_valid(payload ->> 'call_at', 'timestamptz')
        OFFSET 0  -- by the requests' keys: Postgres would read all records of a month instead
     ) r
     WHERE c.call_date = :day AND c.grain = 'callback_request'
     UNION ALL
    SELECT a.account, a.stream, a.call_id, t.attempt_no, t.at
      FROM facts.callback_attempts a
      LEFT JOIN ops.days d USING (account, stream, call_date)
     -- The second one is the first time, of whichever attempt.
     CROSS JOIN LATERAL (VALUES (a.attempt_no::text, a.attempted_at), (NULL, a.requested_at)) AS t (attempt_no, at)
     WHERE a.call_date BETWEEN CAST(:day AS date) - 31 AND CAST(:day AS date)
       AND t.at >= ops.day_start(CAST(:day AS date) - 31, coalesce(ops.known_zone(d.timezone), 'UTC'))  -- as far back as raw is looked at
       AND (a.account, a.stream, a.call_id) IN (SELECT account, stream, call_id FROM facts.calls
                                                 WHERE call_date = :day AND grain = 'callback_request')
), seen AS MATERIALIZED (
    SELECT account, stream, call_id, attempt_no, min(at) AS attempted_at FROM sighting GROUP BY 1, 2, 3, 4
), request AS (
    SELECT account, stream, call_id, min(attempted_at) AS requested_at FROM seen GROUP BY 1, 2, 3
)
SELECT c.call_date, c.account, c.stream, c.call_id, c.vendor, coalesce(c.queue_name, c.queue_id) AS queue_name,
       n AS attempt_no, least(c.started_at, q.requested_at) AS requested_at,
       coalesce(least(c.started_at, q.requested_at) AT TIME ZONE ops.known_zone(d.timezone),
                c.started_local - (c.started_at - least(c.started_at, q.requested_at))) AS requested_local,
       CASE WHEN n = c.attempt_no THEN c.started_at ELSE s.attempted_at END AS attempted_at,
       n = c.attempt_no AS is_last,
       CASE WHEN n = c.attempt_no THEN c.outcome ELSE 'unanswered' END AS outcome,
       CASE WHEN n = c.attempt_no AND c.outcome = 'answered' THEN c.talk_s END AS talk_s
  FROM facts.calls c
 CROSS JOIN LATERAL generate_series(1, least(c.attempt_no, 100)) AS n
  LEFT JOIN ops.days d USING (call_date, account, stream)
  LEFT JOIN request q USING (account, stream, call_id)
  LEFT JOIN seen s ON s.account = c.account AND s.stream = c.stream AND s.call_id = c.call_id AND s.attempt_no = n::text
 WHERE c.call_date = :day AND c.grain = 'callback_request' AND c.attempt_no IS NOT NULL
   AND c.outcome <> 'not_offered' AND c.missing_since IS NULL
