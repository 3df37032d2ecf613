-- Makes this transaction the only one that has the lock of the name, until it ends. Who has waited
-- for a minute is told, and tries again or gives up. What has no name is whoever asks' fault to tell.
CREATE OR REPLACE FUNCTION ops.lock(p_name text) RETURNS void LANGUAGE plpgsql STRICT SET lock_timeout = '60s' AS $$
BEGIN
    LOOP
        PERFORM FROM ops.locks WHERE name = p_name FOR NO KEY UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO ops.locks VALUES (p_name) ON CONFLICT DO NOTHING;
        EXIT WHEN FOUND;
    END LOOP;
END $$;
