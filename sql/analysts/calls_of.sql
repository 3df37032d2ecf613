-- The key that stands for a number, as the loader makes it: HMAC-SHA-256 with the warehouse's secret.
-- Whoever may call this can try all numbers, so only those may who see numbers (resources/postgres/roles.py).
CREATE OR REPLACE FUNCTION facts.caller_key(number text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    secret    bytea;
    inner_pad bytea := decode(repeat('36', 64), 'hex');
    outer_pad bytea := decode(repeat('5c', 64), 'hex');
BEGIN
    SELECT convert_to(value, 'UTF8') INTO STRICT secret FROM ops.settings WHERE name = 'caller_secret';
    FOR i IN 0 .. length(secret) - 1 LOOP
        inner_pad := set_byte(inner_pad, i, get_byte(secret, i) # 54);
        outer_pad := set_byte(outer_pad, i, get_byte(secret, i) # 92);
    END LOOP;
    RETURN left(encode(sha256(outer_pad || sha256(inner_pad || convert_to(number, 'UTF8'))), 'hex'), 32);
END $$;
COMMENT ON FUNCTION facts.caller_key IS 'The caller_key of a customer''s number in E.164';
REVOKE ALL ON FUNCTION facts.caller_key FROM PUBLIC;

-- The days on which a caller's calls are: those that marts know, and those that marts are behind on.
CREATE OR REPLACE FUNCTION facts.caller_days(caller_key text) RETURNS SETOF date
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    RETURN QUERY SELECT c.call_date FROM marts.callers_by_day c WHERE c.caller_key = caller_days.caller_key
                 UNION SELECT s.call_date FROM ops.stale_days s
                  WHERE s.mart IS NULL OR s.mart = 'callers_by_day';
END $$;
COMMENT ON FUNCTION facts.caller_days IS 'Business days that may have calls of a caller, by caller_key';

-- A caller's calls, whatever the day: only the days that have some are planned and read, where a
-- query by key or number has to look into all of them. As in marts, not those that the vendor doesn't
-- tell of any more.
CREATE OR REPLACE FUNCTION facts.calls_of_caller(caller_key text) RETURNS SETOF facts.calls LANGUAGE plpgsql STABLE AS $$
DECLARE
    day date;
BEGIN
    FOR day IN SELECT d FROM facts.caller_days(caller_key) d ORDER BY 1 LOOP
        RETURN QUERY EXECUTE 'SELECT * FROM facts.calls c WHERE c.call_date = $1 AND c.caller_key = $2 AND c.missing_since IS NULL'
            USING day, caller_key;
    END LOOP;
END $$;
COMMENT ON FUNCTION facts.calls_of_caller IS 'All calls from and to a customer, by caller_key, but those that their vendor no longer returns';

CREATE OR REPLACE FUNCTION masked.calls_of_caller(caller_key text) RETURNS SETOF facts.calls LANGUAGE plpgsql STABLE AS $$
DECLARE
    day date;
BEGIN
    FOR day IN SELECT d FROM facts.caller_days(caller_key) d ORDER BY 1 LOOP
        RETURN QUERY EXECUTE 'SELECT * FROM masked.calls c WHERE c.call_date = $1 AND c.caller_key = $2 AND c.missing_since IS NULL'
            USING day, caller_key;
    END LOOP;
END $$;
COMMENT ON FUNCTION masked.calls_of_caller IS 'facts.calls_of_caller with personal data masked';

CREATE OR REPLACE FUNCTION facts.calls_of(number text) RETURNS SETOF facts.calls LANGUAGE sql STABLE AS $$
    SELECT * FROM facts.calls_of_caller(facts.caller_key(number))
$$;
COMMENT ON FUNCTION facts.calls_of IS 'All calls from and to a customer, by their number in E.164, but those that their vendor no longer returns';
