-- The backfill is alive, and `done` more of its windows are.
UPDATE ops.backfills SET done = done + :done, seen_at = ops.now()
 WHERE account = :account AND stream = :stream AND run_id = :run_id;
