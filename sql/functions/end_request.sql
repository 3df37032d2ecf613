-- Gives a permit back and writes the request into the ledger, for who has locked its credential.
-- p_reached_s: seconds after the grant by which the vendor had surely received the request.
-- p_hold_s: the vendor asks for a pause of this length. p_hold_grows: it doesn't say how long, so that
-- the length is ours: twice the last one where that is only just over, for a quarter of an hour at
-- most; requests that were in flight together count once. p_exhausted_until: it says that the day's quota
-- is gone until then.
CREATE OR REPLACE FUNCTION ops.end_request(p_done jsonb, p_now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    p_permit          bigint           := p_done ->> 'permit';
    p_credential      text             := p_done ->> 'credential';
    p_reached_s       double precision := p_done ->> 'reached_s';
    p_duration_s      double precision := p_done ->> 'duration_s';
    p_status          integer          := p_done ->> 'status';
    p_bytes           bigint           := p_done ->> 'bytes';
    p_records         integer          := p_done ->> 'records';
    p_url             text             := p_done ->> 'url';
    p_error           text             := p_done ->> 'error';
    p_hold_s          double precision := p_done ->> 'hold_s';
    p_hold_grows      boolean          := p_done ->> 'hold_grows';
    p_bucket          text             := p_done ->> 'bucket';
    p_timezone        text             := p_done ->> 'timezone';
    p_exhausted_until timestamptz      := p_done ->> 'exhausted_until';
    vendor_day date;
    held   ops.permits;
    pause  interval := make_interval(secs => p_hold_s);
    keys   CONSTANT text[] := ARRAY[
        'permit', 'credential', 'reached_s', 'duration_s', 'status', 'bytes', 'records', 'url', 'error', 'hold_s',
        'hold_grows', 'bucket', 'timezone', 'exhausted_until'];
BEGIN
    IF NOT p_done ?& keys THEN
        PERFORM ops.require_keys(p_done, keys);
    END IF;
    -- What counts for no spacing and no rate is over with its answer.
    DELETE FROM ops.permits p WHERE p.id = p_permit AND p.counts_s = 0 RETURNING p.* INTO held;
    IF NOT FOUND THEN
        UPDATE ops.permits p
           SET reached_at = least(p.granted_at + make_interval(secs => p_reached_s), p_now)
         WHERE p.id = p_permit RETURNING p.* INTO held;
    END IF;
    -- A request whose lease ran out is in the ledger already, as lost: now its end is known.
    IF FOUND THEN
        INSERT INTO ops.requests (id, account, stream, report, backfill, requested_at, duration_s,
                                  status, bytes, records, url, error, run_id)
        VALUES (held.id, held.account, held.stream, held.report, held.backfill, held.granted_at,
                p_duration_s, p_status, p_bytes, p_records, p_url, p_error, held.run_id)
        ON CONFLICT (id) DO UPDATE
            SET duration_s = excluded.duration_s, status = excluded.status, bytes = excluded.bytes,
                records = excluded.records, url = excluded.url, error = excluded.error;
    ELSE
        UPDATE ops.requests r
           SET duration_s = p_duration_s, status = p_status, bytes = p_bytes, records = p_records,
               url = p_url, error = p_error
         WHERE r.id = p_permit;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is no permit %', p_permit;
        END IF;
    END IF;
    IF p_hold_s IS NOT NULL THEN
        IF p_hold_grows THEN
            SELECT greatest(pause, least(2 * (h.until - h.since), interval '15 minutes')) INTO pause FROM ops.holds h
             WHERE h.credential = p_credential
               AND held.granted_at >= h.since AND held.granted_at < h.until + (h.until - h.since);
            pause := coalesce(pause, make_interval(secs => p_hold_s));
        END IF;
        INSERT INTO ops.holds AS h (credential, since, until)
        VALUES (p_credential, p_now, p_now + pause)
        ON CONFLICT (credential) DO UPDATE SET since = excluded.since, until = excluded.until
            WHERE h.until < excluded.until;
    END IF;
    IF p_exhausted_until IS NOT NULL THEN
        vendor_day := (p_now AT TIME ZONE p_timezone)::date;
        PERFORM ops.move_quota(p_credential, p_bucket, vendor_day);
        UPDATE ops.quotas q SET exhausted_until = p_exhausted_until WHERE q.bucket = p_bucket AND q.day = vendor_day;
    END IF;
END $$;
