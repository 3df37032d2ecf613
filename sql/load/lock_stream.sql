-- Makes this transaction the only one that writes to the account's stream.
SELECT ops.lock_stream(:account, :stream);
