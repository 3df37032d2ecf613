-- The backfill is alive, and `done` more of its windows are.
WITH b AS (
    UPDATE ops.backfills SET done = done + :done, seen_at = ops.now()
     WHERE account = :account AND stream = :stream AND run_id = :run_id
    RETURNING backfills.*)
SELECT b.days - p.days_read AS to_go, p.expected_at FROM b, ops.backfill_progress(b) AS p;
