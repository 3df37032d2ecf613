-- One load at a time for an account's stream: two never deadlock, nor write one record twice. Says which settings
-- (time zone, country, currency) the account has by now, where they aren't those that are given: by a snapshot from
-- after the lock.
CREATE OR REPLACE FUNCTION ops.lock_stream(p_account text, p_stream text, p_settings text[] DEFAULT NULL)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ops.lock('load ' || p_account || '/' || p_stream);
    RETURN (SELECT concat_ws(', ', timezone, country, currency) FROM ops.accounts
             WHERE p_settings IS NOT NULL AND account = p_account
               AND ARRAY[timezone, country, currency] IS DISTINCT FROM p_settings);
END $$;
