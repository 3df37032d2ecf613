WITH step AS (
    SELECT c.call_date, c.account, c.vendor, coalesce(c.flow_name, c.flow_id) AS flow_name, e.position,
           coalesce(e.task_name, e.task_id) AS step, masked.numbers(e.description) AS description, c.outcome,
           e.position = max(e.position) OVER (PARTITION BY c.account, c.call_id) AS is_last
      FROM facts.calls c JOIN facts.call_events e USING (call_date, account, call_id)
     WHERE c.call_date = :day AND e.call_date = :day AND c.grain = 'ivr_session' AND c.missing_since IS NULL
)
SELECT call_date, account, vendor, flow_name, position, step, description, count(*) AS sessions,
       count(*) FILTER (WHERE is_last) AS ended_here,
       count(*) FILTER (WHERE is_last AND outcome = 'abandoned') AS abandoned_here,
       count(*) FILTER (WHERE is_last AND outcome = 'contained') AS contained_here,
       count(*) FILTER (WHERE is_last AND outcome = 'handed_on') AS handed_on_here
  FROM step WHERE position <= 50
 GROUP BY 1, 2, 3, 4, 5, 6, 7
