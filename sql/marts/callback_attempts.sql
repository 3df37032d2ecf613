-- A record has its latest attempt only; its versions in raw have the times of the others, as far as
-- reads saw them. That an attempt was followed by another one says what became of it.
WITH seen AS MATERIALIZED (
    SELECT r.account, r.stream, r.record_key AS call_id, r.payload ->> 'retry' AS attempt_no,
           min((r.payload ->> 'call_at')::timestamptz) AS attempted_at
      FROM raw.records r JOIN facts.calls c
           ON c.account = r.account AND c.stream = r.stream AND c.call_id = r.record_key
     WHERE r.call_date = :day AND c.call_date = :day AND c.grain = 'callback_request'
       AND pg_input_is_valid(r.payload ->> 'call_at', 'timestamptz')
     GROUP BY 1, 2, 3, 4
), request AS (
    SELECT account, stream, call_id, min(attempted_at) AS requested_at FROM seen GROUP BY 1, 2, 3
)
SELECT c.call_date, c.account, c.stream, c.call_id, c.vendor, coalesce(c.queue_name, c.queue_id) AS queue_name,
       n AS attempt_no, least(c.started_at, q.requested_at) AS requested_at,
       c.started_local - (c.started_at - least(c.started_at, q.requested_at)) AS requested_local,
       CASE WHEN n = c.attempt_no THEN c.started_at ELSE s.attempted_at END AS attempted_at,
       n = c.attempt_no AS is_last,
       CASE WHEN n = c.attempt_no THEN c.outcome ELSE 'unanswered' END AS outcome,
       CASE WHEN n = c.attempt_no THEN c.talk_s END AS talk_s
  FROM facts.calls c
 CROSS JOIN LATERAL generate_series(1, least(c.attempt_no, 100)) AS n
  LEFT JOIN request q USING (account, stream, call_id)
  LEFT JOIN seen s ON s.account = c.account AND s.stream = c.stream AND s.call_id = c.call_id AND s.attempt_no = n::text
 WHERE c.call_date = :day AND c.grain = 'callback_request' AND c.attempt_no IS NOT NULL
   AND c.outcome <> 'not_offered' AND c.missing_since IS NULL
