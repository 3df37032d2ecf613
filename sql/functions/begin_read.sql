-- Lets one reader into a window of an account's stream: another one may still be in it. What is asked
-- comes as one object, so that the function keeps its signature when more is asked.
-- id: the lease of who may read, NULL for who may not: then run_id says who does.
CREATE OR REPLACE FUNCTION ops.begin_read(
    p_asked jsonb,
    OUT id bigint, OUT now timestamptz, OUT run_id text
) LANGUAGE plpgsql AS $$
DECLARE
    p_account text     := p_asked ->> 'account';
    p_stream  text     := p_asked ->> 'stream';
    p_days    date[]   := ARRAY(SELECT jsonb_array_elements_text(p_asked -> 'days'));
    p_live    boolean  := p_asked ->> 'live';
    p_holder  text     := p_asked ->> 'holder';
    p_run_id  text     := p_asked ->> 'run_id';
    lease     interval := make_interval(secs => (p_asked ->> 'lease_s')::double precision);
BEGIN
    PERFORM ops.require_keys(p_asked, ARRAY['account', 'stream', 'days', 'live', 'holder', 'run_id', 'lease_s']);
    PERFORM ops.lock('read ' || p_account || '/' || p_stream);
    now := ops.now();
    -- Where the clock was set back none lasts longer for it.
    DELETE FROM ops.reads r
     WHERE r.account = p_account AND r.stream = p_stream
       AND (r.expires_at <= now OR r.expires_at > now + 2 * lease);
    SELECT coalesce(r.run_id, '') INTO run_id FROM ops.reads r
     WHERE r.account = p_account AND r.stream = p_stream AND r.holder <> p_holder
       AND ((r.live AND p_live) OR r.days && p_days)
     LIMIT 1;
    IF run_id IS NULL THEN
        INSERT INTO ops.reads AS r (account, stream, days, live, holder, run_id, began_at, expires_at)
        VALUES (p_account, p_stream, p_days, p_live, p_holder, p_run_id, now, now + lease)
        RETURNING r.id INTO id;
    END IF;
END $$;
