-- One decision about one request, in one round trip. The database's clock alone counts.
-- Granted: permit and granted_at are set. Not granted: wait_s says for about how long, reason why.
CREATE OR REPLACE FUNCTION ops.acquire_permit(
    p_credential text, p_account text, p_stream text, p_report text, p_run_id text,
    p_holder text, p_backfill boolean,
    p_concurrency integer, p_spacing_s double precision, p_rate double precision,
    p_bucket text, p_timezone text, p_daily integer, p_reserve double precision,
    p_lease_s double precision,
    OUT permit bigint, OUT granted_at timestamptz, OUT wait_s double precision, OUT reason text
) LANGUAGE plpgsql AS $$
DECLARE
    at_now      timestamptz;
    held_until  timestamptz;
    spaced_until timestamptz;
    v_reason    text;
    ticket      bigint;
    ticket_since timestamptz;
    busy        integer;
    ahead       integer;
    ahead_here  integer;
    vendor_day  date;
    quota       ops.quotas;
    -- A backfill that has waited this long goes before the next live poll: it isn't starved.
    patience    interval := make_interval(secs => greatest(2 * p_spacing_s, 60));
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('permit ' || p_credential, 0));
    at_now := clock_timestamp();
    PERFORM ops.reap_permits(p_credential, at_now);

    SELECT max(next_at) FILTER (WHERE report = ''), max(next_at) FILTER (WHERE report = p_report),
           max(budgets.reason) FILTER (WHERE report = '' AND next_at > at_now)
      INTO held_until, spaced_until, v_reason
      FROM ops.budgets WHERE credential = p_credential AND report IN ('', p_report);

    IF p_daily IS NOT NULL THEN
        vendor_day := (at_now AT TIME ZONE p_timezone)::date;
        SELECT * INTO quota FROM ops.quotas WHERE bucket = p_bucket AND day = vendor_day FOR UPDATE;
        IF quota.exhausted OR quota.used >= p_daily
           OR (p_backfill AND quota.used >= p_daily * (1 - p_reserve)) THEN
            wait_s := extract(epoch FROM (vendor_day + 1)::timestamp AT TIME ZONE p_timezone - at_now);
            reason := CASE WHEN quota.exhausted OR quota.used >= p_daily THEN 'quota' ELSE 'reserve' END;
            DELETE FROM ops.waiters
             WHERE credential = p_credential AND report = p_report AND holder = p_holder;
            RETURN;
        END IF;
    END IF;

    SELECT id, since INTO ticket, ticket_since FROM ops.waiters
     WHERE credential = p_credential AND report = p_report AND holder = p_holder;
    ticket_since := coalesce(ticket_since, at_now);

    -- Who may go before us: those whose report is ready too, live ones first, then by arrival.
    SELECT count(*), count(*) FILTER (WHERE w.report = p_report) INTO ahead, ahead_here
      FROM ops.waiters w LEFT JOIN ops.budgets b ON b.credential = w.credential AND b.report = w.report
     WHERE w.credential = p_credential AND w.id IS DISTINCT FROM ticket
       AND (w.report = p_report OR b.next_at IS NULL OR b.next_at <= at_now)
       AND (w.backfill AND w.since > at_now - patience, coalesce(w.id, 0))
         < (p_backfill AND ticket_since > at_now - patience, coalesce(ticket, 9223372036854775807));

    SELECT count(*) INTO busy FROM ops.permits WHERE credential = p_credential;

    IF held_until > at_now AND held_until >= coalesce(spaced_until, at_now) THEN
        wait_s := extract(epoch FROM held_until - at_now);
        reason := v_reason;
    ELSIF spaced_until > at_now THEN
        wait_s := extract(epoch FROM spaced_until - at_now) + ahead_here * p_spacing_s;
        reason := 'spacing';
    ELSIF ahead_here > 0 AND p_spacing_s > 0 THEN
        wait_s := least(ahead_here * p_spacing_s, 1);
        reason := 'queue';
    ELSIF busy + ahead >= p_concurrency THEN
        wait_s := least(0.02 * (1 + busy + ahead - p_concurrency), 1);
        reason := 'concurrency';
    END IF;

    IF reason IS NOT NULL THEN
        -- A live poll may go away and come back at its next tick: its place is kept that long.
        INSERT INTO ops.waiters (credential, report, holder, backfill, since, expires_at)
        VALUES (p_credential, p_report, p_holder, p_backfill, ticket_since,
                at_now + make_interval(secs => CASE WHEN reason = 'spacing' AND NOT p_backfill
                    THEN wait_s + 90 ELSE least(wait_s, 5) + 10 END))
        ON CONFLICT (credential, report, holder) DO UPDATE SET expires_at = excluded.expires_at;
        RETURN;
    END IF;

    DELETE FROM ops.waiters WHERE id = ticket;
    INSERT INTO ops.permits (credential, account, stream, report, backfill, spacing_s, run_id, granted_at, expires_at)
    VALUES (p_credential, p_account, p_stream, p_report, p_backfill, p_spacing_s, p_run_id, at_now,
            at_now + make_interval(secs => p_lease_s))
    RETURNING id, permits.granted_at INTO permit, granted_at;
    IF p_spacing_s > 0 THEN
        PERFORM ops.hold(p_credential, p_report, at_now + make_interval(secs => p_spacing_s), 'spacing');
    END IF;
    IF p_rate IS NOT NULL THEN
        PERFORM ops.hold(p_credential, '', at_now + make_interval(secs => 1 / p_rate), 'rate');
    END IF;
    IF p_daily IS NOT NULL THEN
        INSERT INTO ops.quotas AS q (bucket, day, used, by_backfill)
        VALUES (p_bucket, vendor_day, 1, p_backfill::integer)
        ON CONFLICT (bucket, day) DO UPDATE
            SET used = q.used + 1, by_backfill = q.by_backfill + excluded.by_backfill;
    END IF;
    wait_s := 0;
END $$;
