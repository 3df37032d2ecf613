-- Where a key's record is now, whatever its day: raw.heads knows, and nobody else needs to read it.
CREATE OR REPLACE FUNCTION facts.find_days(record_key text)
RETURNS TABLE (call_date date, account text, stream text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT h.call_date, h.account, h.stream FROM raw.heads h WHERE h.record_key = find_days.record_key
$$;
COMMENT ON FUNCTION facts.find_days IS 'Business day, account and stream of every record with this key';

-- Calls by their id alone: only their own day is planned and read, where a query without call_date
-- has to look into the partitions of all days.
CREATE OR REPLACE FUNCTION facts.find_calls(call_id text) RETURNS SETOF facts.calls LANGUAGE plpgsql STABLE AS $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT * FROM facts.find_days(call_id) LOOP
        RETURN QUERY EXECUTE 'SELECT * FROM facts.calls c
            WHERE c.call_date = $1 AND c.account = $2 AND c.stream = $3 AND c.call_id = $4'
            USING found.call_date, found.account, found.stream, call_id;
    END LOOP;
END $$;
COMMENT ON FUNCTION facts.find_calls IS 'The calls with this id, of any account and day';

CREATE OR REPLACE FUNCTION masked.find_calls(call_id text) RETURNS SETOF facts.calls LANGUAGE plpgsql STABLE AS $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT * FROM facts.find_days(call_id) LOOP
        RETURN QUERY EXECUTE 'SELECT * FROM masked.calls c
            WHERE c.call_date = $1 AND c.account = $2 AND c.stream = $3 AND c.call_id = $4'
            USING found.call_date, found.account, found.stream, call_id;
    END LOOP;
END $$;
COMMENT ON FUNCTION masked.find_calls IS 'facts.find_calls with personal data masked';
