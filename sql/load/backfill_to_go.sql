-- How many of its days a backfill hasn't read, and when it will be done at this pace.
SELECT b.days - p.days_read AS to_go, p.expected_at FROM ops.backfills b, ops.backfill_progress(b) AS p
 WHERE b.account = :account AND b.stream = :stream AND b.run_id = :run_id;
