INSERT INTO facts.call_events AS t (
    call_date, account, stream, call_id, position, task_id, task_name, description, started_at,
    ended_at, params)
SELECT
    call_date, account, stream, call_id, position, task_id, task_name, description, started_at,
    ended_at, params
  FROM stage_call_events
ON CONFLICT (call_date, account, stream, call_id, position) DO UPDATE
   SET task_id = excluded.task_id, task_name = excluded.task_name,
       description = excluded.description, started_at = excluded.started_at,
       ended_at = excluded.ended_at, params = excluded.params
 WHERE (t.task_id, t.task_name, t.description, t.started_at, t.ended_at, t.params)
       IS DISTINCT FROM
       (excluded.task_id, excluded.task_name, excluded.description, excluded.started_at,
        excluded.ended_at, excluded.params);
