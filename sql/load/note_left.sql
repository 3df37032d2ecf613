-- Accounts that accounts.toml had, and has no longer: no day of theirs is waited for from now on. One that comes
-- back is noted by its first poll.
UPDATE ops.accounts SET left_at = ops.now() WHERE left_at IS NULL AND account <> ALL(CAST(:accounts AS text[]));
