-- What an earlier run of a killed process left of it is over.
WITH over AS (DELETE FROM ops.backfills WHERE seen_at < now() - interval '1 day')
INSERT INTO ops.backfills (account, stream, run_id, windows, spacing_s)
VALUES (:account, :stream, :run_id, :windows, :spacing_s)
ON CONFLICT (account, stream, run_id) DO UPDATE
   SET windows = excluded.windows, done = 0, started_at = now(), seen_at = now();
