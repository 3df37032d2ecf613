-- One load at a time for an account's stream: two never deadlock, nor write one record twice.
SELECT pg_advisory_xact_lock(hashtextextended('load ' || :account || '/' || :stream, 0));
