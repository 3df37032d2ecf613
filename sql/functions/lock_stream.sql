-- One load at a time for an account's stream: two never deadlock, nor write one record twice. Says which settings
-- the account has by now, where they aren't those that are given: by a snapshot from after the lock.
CREATE OR REPLACE FUNCTION ops.lock_stream(p_account text, p_stream text, p_timezone text DEFAULT NULL,
                                           p_country text DEFAULT NULL, p_currency text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ops.lock('load ' || p_account || '/' || p_stream);
    RETURN (SELECT concat_ws(', ', timezone, country, currency) FROM ops.accounts
             WHERE p_timezone IS NOT NULL AND account = p_account
               AND (timezone, country, currency) IS DISTINCT FROM (p_timezone, p_country, p_currency));
END $$;
