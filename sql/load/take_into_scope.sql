-- Seen with the account's options as they are now: from now on these can be missed.
UPDATE raw.heads SET observed_at = :observed_at
 WHERE account = :account AND stream = :stream AND record_key = ANY(:keys) AND observed_at < :observed_at;
