-- A record has its latest attempt only; its versions in raw have the times of the others, as far as
-- reads saw them. That an attempt was followed by another one says what became of it.
SELECT c.call_date, c.account, c.stream, c.call_id, c.vendor, coalesce(c.queue_name, c.queue_id) AS queue_name,
       n AS attempt_no, first.requested_at,
       c.started_local - (c.started_at - first.requested_at) AS requested_local,
       CASE WHEN n = c.attempt_no THEN c.started_at ELSE seen.attempted_at END AS attempted_at,
       n = c.attempt_no AS is_last,
       CASE WHEN n = c.attempt_no THEN c.outcome ELSE 'unanswered' END AS outcome,
       CASE WHEN n = c.attempt_no THEN c.talk_s END AS talk_s
  FROM facts.calls c
 CROSS JOIN LATERAL generate_series(1, least(c.attempt_no, 100)) AS n
 CROSS JOIN LATERAL (
    SELECT least(c.started_at, min((payload ->> 'call_at')::timestamptz)
                               FILTER (WHERE pg_input_is_valid(payload ->> 'call_at', 'timestamptz'))) AS requested_at
      FROM raw.records r
     WHERE (r.call_date, r.account, r.stream, r.record_key) = (c.call_date, c.account, c.stream, c.call_id)
 ) first
 CROSS JOIN LATERAL (
    SELECT min((payload ->> 'call_at')::timestamptz)
               FILTER (WHERE pg_input_is_valid(payload ->> 'call_at', 'timestamptz')) AS attempted_at
      FROM raw.records r
     WHERE (r.call_date, r.account, r.stream, r.record_key) = (c.call_date, c.account, c.stream, c.call_id)
       AND payload ->> 'retry' = n::text
 ) seen
 WHERE c.grain = 'callback_request' AND c.outcome <> 'not_offered' AND c.missing_since IS NULL
