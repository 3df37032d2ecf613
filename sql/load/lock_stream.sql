-- One load at a time for an account's stream: two never deadlock, nor write one record twice.
SELECT ops.lock('load ' || :account || '/' || :stream);
