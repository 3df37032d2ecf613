-- Gives a permit back and writes the request into the ledger: one round trip.
-- p_reached_s: seconds after the grant by which the vendor had surely received the request.
-- p_hold_s: the vendor asked for this long a pause; p_exhausted: it says the day's quota is gone.
CREATE OR REPLACE FUNCTION ops.release_permit(
    p_permit bigint, p_reached_s double precision, p_duration_s double precision,
    p_status integer, p_bytes bigint, p_records integer, p_url text, p_error text,
    p_hold_s double precision, p_exhausted_bucket text, p_timezone text
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    held ops.permits;
    request bigint;
BEGIN
    DELETE FROM ops.permits WHERE id = p_permit RETURNING * INTO held;
    IF held.id IS NULL THEN
        RETURN NULL;  -- the lease ran out and the request is in the ledger already
    END IF;
    INSERT INTO ops.requests (account, stream, report, backfill, requested_at, duration_s,
                              status, bytes, records, url, error, run_id)
    VALUES (held.account, held.stream, held.report, held.backfill, held.granted_at, p_duration_s,
            p_status, p_bytes, p_records, p_url, p_error, held.run_id)
    RETURNING id INTO request;
    IF held.spacing_s > 0 THEN
        PERFORM ops.hold(held.credential, held.report,
                         held.granted_at + make_interval(secs => p_reached_s + held.spacing_s), 'spacing');
    END IF;
    IF p_hold_s IS NOT NULL THEN
        PERFORM ops.hold(held.credential, '', clock_timestamp() + make_interval(secs => p_hold_s), 'vendor');
    END IF;
    IF p_exhausted_bucket IS NOT NULL THEN
        INSERT INTO ops.quotas (bucket, day, used, exhausted)
        VALUES (p_exhausted_bucket, (held.granted_at AT TIME ZONE p_timezone)::date, 1, true)
        ON CONFLICT (bucket, day) DO UPDATE SET exhausted = true;
    END IF;
    RETURN request;
END $$;
