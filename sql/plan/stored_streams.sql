-- Streams of the accounts that anything was ever read of, loaded still or not.
SELECT DISTINCT account, stream FROM ops.days WHERE account = ANY(:accounts) AND raw_records > 0;
