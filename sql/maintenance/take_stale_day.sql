-- Marks are deleted before the facts are read: what a load commits meanwhile leaves one of its own.
DELETE FROM ops.stale_days WHERE call_date = :day RETURNING mart, account;
