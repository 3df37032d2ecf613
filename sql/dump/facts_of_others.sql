-- Accounts of whose records facts can be made, but those given: `callhouse rebuild` takes none that accounts.toml
-- doesn't have.
SELECT DISTINCT account FROM ops.days
 WHERE raw_records > rejects AND expired_at IS NULL AND account <> ALL(CAST(:accounts AS text[])) ORDER BY account;
