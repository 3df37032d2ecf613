-- The vendor has accepted the account's credentials: its polls go on at once.
UPDATE ops.streams
   SET stopped_at = NULL, stopped_key = NULL, failures = 0, refusals = 0, last_error = NULL, next_due_at = now()
 WHERE account = :account AND stopped_at IS NOT NULL
RETURNING stream;
