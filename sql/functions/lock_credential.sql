-- Makes this transaction the only one that decides about the credential, and says what time it is.
CREATE OR REPLACE FUNCTION ops.lock_credential(p_credential text) RETURNS timestamptz
LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the limiter needs READ COMMITTED'
              USING HINT = 'A snapshot from before the lock hides what was granted meanwhile.';
    END IF;
    PERFORM ops.lock('permit ' || p_credential);
    RETURN ops.now();
END $$;
