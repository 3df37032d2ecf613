-- The same, for facts that are made by these settings; and which others the account has by now.
SELECT ops.lock_stream(:account, :stream, CAST(:settings AS text[])) AS noted;
