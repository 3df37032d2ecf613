-- The backfill is alive, and `done` more of its windows are.
UPDATE ops.backfills b SET done = done + :done, seen_at = now()
 WHERE account = :account AND stream = :stream AND run_id = :run_id
RETURNING windows - done AS to_go, ops.backfill_end(b) AS expected_at;
