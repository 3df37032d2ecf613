-- An answer older than :observed_at can't bring them back where they were; in another day it can.
UPDATE raw.heads SET missing_since = :observed_at
 WHERE account = :account AND stream = :stream AND record_key = ANY(:keys);
