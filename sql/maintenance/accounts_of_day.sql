-- The accounts that a business day was read of, and whether facts of theirs are gone for their age.
SELECT account, bool_or(expired_at IS NOT NULL) AS is_expired FROM ops.days WHERE call_date = :day GROUP BY account;
