-- One decision about one request, in one round trip. What is asked comes as one object, so that the
-- function keeps its signature when more is asked.
-- Granted: permit (the request's id in the ledger) and granted_at are set.
-- Not granted: reason says why, until and wait_s for about how long. Who can't wait that long
-- (p_patience_s) is expected to go; if it returns at a later tick its place is kept.
-- How long a permit counts is measured from when the vendor had surely received the request: as
-- long as that isn't known, the request counts as received now.
-- done: what is told of the request before it, where the same worker goes on at once.
-- Permits come and go by thousands between two vacuums: a scan of their index forgets those that are over, where
-- any other would pass all of them at each look.
CREATE OR REPLACE FUNCTION ops.acquire_permit(
    p_asked jsonb,
    OUT permit bigint, OUT granted_at timestamptz,
    OUT reason text, OUT until timestamptz, OUT wait_s double precision
) LANGUAGE plpgsql SET enable_bitmapscan = off SET enable_seqscan = off AS $$
DECLARE
    p_credential      text             := p_asked ->> 'credential';
    p_account         text             := p_asked ->> 'account';
    p_stream          text             := p_asked ->> 'stream';
    p_report          text             := p_asked ->> 'report';
    p_run_id          text             := p_asked ->> 'run_id';
    p_holder          text             := p_asked ->> 'holder';
    p_backfill        boolean          := p_asked ->> 'backfill';
    p_returns         boolean          := p_asked ->> 'returns';
    p_patience_s      double precision := p_asked ->> 'patience_s';
    p_longest_sleep_s double precision := p_asked ->> 'longest_sleep_s';
    p_lease_s         double precision := p_asked ->> 'lease_s';
    p_concurrency     integer          := p_asked ->> 'concurrency';
    p_spacing_s       double precision := p_asked ->> 'spacing_s';
    p_rate            double precision := p_asked ->> 'rate';
    p_bucket          text             := p_asked ->> 'bucket';
    p_timezone        text             := p_asked ->> 'timezone';
    p_daily           integer          := p_asked ->> 'daily';
    p_reserve         double precision := p_asked ->> 'reserve';
    p_done            jsonb            := nullif(p_asked -> 'done', 'null');
    at_now       timestamptz;
    spacing      interval := make_interval(secs => p_spacing_s);
    rate_span    double precision := greatest(1, 1 / p_rate);
    aged         timestamptz;
    vendor_day   date;
    before       date;
    soon         date;
    allowed      integer := p_daily - CASE WHEN p_backfill THEN ceil((p_daily * p_reserve)::numeric) ELSE 0 END;
    ticket       ops.waiters;
    seen         record;
    paced_until  timestamptz;
    slots        integer;
    ahead        integer := 0;
    ahead_here   integer := 0;
    before_here  integer := 0;
    leaves       boolean;
    is_new       boolean;
    keys         CONSTANT text[] := ARRAY[
        'credential', 'account', 'stream', 'report', 'run_id', 'holder', 'backfill', 'returns', 'patience_s',
        'longest_sleep_s', 'lease_s', 'concurrency', 'spacing_s', 'rate', 'bucket', 'timezone', 'daily', 'reserve'];
BEGIN
    IF NOT p_asked ?& keys THEN
        PERFORM ops.require_keys(p_asked, keys);
    END IF;
    at_now := ops.lock_credential(p_credential);
    IF p_done IS NOT NULL THEN
        PERFORM ops.end_request(p_done, at_now);
    END IF;
    vendor_day := (at_now AT TIME ZONE p_timezone)::date;
    -- Within a minute of midnight it may be another day when the request reaches the vendor, or by its clock.
    before := ((at_now - interval '1 minute') AT TIME ZONE p_timezone)::date;
    soon := ((at_now + interval '1 minute') AT TIME ZONE p_timezone)::date;
    -- Where none of a report's backfills has gone since, one goes before the polls: every third turn.
    aged := at_now - make_interval(secs => greatest(2.5 * p_spacing_s, 60));

    -- All that there is, in one look: what is over is left out of the figures. Hardly ever is any of
    -- it to be brought up to now first, as where a clock was set back or a worker was lost.
    LOOP
        SELECT * INTO seen FROM (
            SELECT count(*) FILTER (WHERE p.reached_at IS NULL) AS busy,
                   min(p.granted_at) FILTER (WHERE p.reached_at IS NULL) AS oldest,
                   max(coalesce(p.reached_at, at_now)) FILTER (WHERE p.report = p_report AND NOT p.is_over)
                       + spacing AS spaced_until,
                   max(p.granted_at) FILTER (WHERE NOT p.is_over) + make_interval(secs => 1 / p_rate) AS paced_until,
                   bool_or(p.is_over) AS any_over,
                   bool_or(greatest(p.granted_at, p.reached_at) > at_now
                           OR p.expires_at > at_now + make_interval(secs => p.lease_s)
                           OR (p.reached_at IS NULL AND p.expires_at <= at_now)) AS permits_differ
              FROM (SELECT *, coalesce(reached_at + make_interval(secs => counts_s) <= at_now, false) AS is_over
                      FROM ops.permits WHERE credential = p_credential) p
        ) AS permits, (
            SELECT count(*) > 0 AS any_waits,
                   bool_or(w.looked_at > at_now OR w.expires_at <= at_now) AS waiters_differ
              FROM ops.waiters w WHERE w.credential = p_credential
        ) AS waiters, (
            SELECT count(*) > 0 AS is_counted_ahead FROM ops.quotas q WHERE q.bucket = p_bucket AND q.day > soon
        ) AS days
          LEFT JOIN ops.holds h ON h.credential = p_credential
          LEFT JOIN ops.quotas q ON q.bucket = p_bucket AND q.day = vendor_day;
        -- On this day under this name: perhaps it was counted under another, or the vendor told it there.
        is_new := NOT coalesce(seen.by_credential ? p_credential, false)
            AND (p_daily IS NOT NULL OR coalesce(seen.exhausted_until <= at_now, true) AND EXISTS (
                SELECT FROM ops.quotas q
                 WHERE q.day = vendor_day AND q.by_credential ? p_credential AND q.exhausted_until > at_now));
        EXIT WHEN (seen.permits_differ OR seen.waiters_differ OR seen.since > at_now OR seen.is_counted_ahead
                   OR is_new) IS NOT TRUE;
        PERFORM ops.settle_permits(p_credential, at_now);
        IF seen.is_counted_ahead THEN
            PERFORM ops.settle_quota(p_bucket, p_timezone, at_now);
        END IF;
        IF is_new THEN
            PERFORM ops.move_quota(p_credential, p_bucket, vendor_day);
        END IF;
    END LOOP;
    IF seen.any_over THEN
        DELETE FROM ops.permits p
         WHERE p.credential = p_credential AND p.reached_at + make_interval(secs => p.counts_s) <= at_now;
    END IF;

    IF seen.any_waits THEN
        -- Our place in the queue; or the one that an earlier poll of this account left.
        SELECT * INTO ticket FROM ops.waiters w
         WHERE w.credential = p_credential AND w.report = p_report
           AND (w.holder = p_holder OR (w.away AND w.account = p_account AND w.backfill = p_backfill))
         ORDER BY w.away LIMIT 1;
        IF ticket.away THEN
            UPDATE ops.waiters w SET holder = p_holder WHERE w.id = ticket.id;
        END IF;
    END IF;

    IF seen.exhausted_until > at_now OR coalesce(seen.used, 0) >= allowed THEN
        reason := CASE WHEN seen.exhausted_until > at_now OR seen.used >= p_daily THEN 'quota' ELSE 'reserve' END;
        until := CASE WHEN seen.exhausted_until > at_now THEN seen.exhausted_until
                      ELSE (vendor_day + 1)::timestamp AT TIME ZONE p_timezone END;
        wait_s := extract(epoch FROM until - at_now);
        DELETE FROM ops.waiters w WHERE w.id = ticket.id;
        RETURN;
    END IF;

    IF before < vendor_day THEN
        IF p_daily IS NOT NULL THEN
            PERFORM ops.move_quota(p_credential, p_bucket, before);
        END IF;
        IF EXISTS (SELECT FROM ops.quotas q
                    WHERE q.bucket = p_bucket AND q.day = before
                      AND (q.used >= p_daily OR q.exhausted_until > at_now - interval '1 minute')) THEN
            reason := 'quota';
            until := vendor_day::timestamp AT TIME ZONE p_timezone + interval '1 minute';
            wait_s := extract(epoch FROM until - at_now);
            DELETE FROM ops.waiters w WHERE w.id = ticket.id;
            RETURN;
        END IF;
    END IF;

    slots := p_concurrency - seen.busy;
    paced_until := seen.paced_until;
    IF p_rate IS NOT NULL THEN
        slots := least(slots, 1);
        paced_until := greatest(paced_until, (
            SELECT coalesce(p.reached_at, at_now) + make_interval(secs => rate_span)
              FROM ops.permits p WHERE p.credential = p_credential
             ORDER BY coalesce(p.reached_at, at_now) DESC
            OFFSET greatest(floor((p_rate * rate_span)::numeric), 1)::integer - 1 LIMIT 1));
    END IF;

    IF seen.any_waits THEN
        -- Who goes before us: polls, and backfills that have aged, by arrival; then backfills. One
        -- that is away keeps its report's turn, but none of the requests that may be in flight. Who
        -- is late for its next look is probably dead, and waits without holding others up; nor does
        -- who expects its turn so late that ours before it changes nothing.
        SELECT count(*) FILTER (WHERE w.report = p_report),
               count(*) FILTER (WHERE w.report = p_report AND w.expected_at < at_now + spacing),
               count(*) FILTER (WHERE NOT w.away AND w.ready_at <= at_now)
          INTO ahead_here, before_here, ahead
          FROM ops.waiters w
         WHERE w.credential = p_credential AND w.id IS DISTINCT FROM ticket.id
           AND (w.away OR w.expires_at > at_now + interval '4 seconds')
           AND (w.backfill AND w.since > aged, w.id)
             < (p_backfill AND coalesce(ticket.since, at_now) > aged, coalesce(ticket.id, 9223372036854775807));
    END IF;

    IF seen.until > at_now AND seen.until >= coalesce(seen.spaced_until, at_now) THEN
        reason := 'vendor';
        wait_s := extract(epoch FROM seen.until - at_now) + 0.02 * ahead;
    ELSIF seen.spaced_until > at_now THEN
        reason := 'spacing';
        wait_s := extract(epoch FROM seen.spaced_until - at_now) + ahead_here * p_spacing_s;
    ELSIF p_spacing_s > 0 AND before_here > 0 THEN
        reason := 'queue';
        wait_s := ahead_here * p_spacing_s;
    ELSIF paced_until > at_now THEN
        reason := 'rate';
        wait_s := extract(epoch FROM paced_until - at_now) + ahead / p_rate;
    ELSIF ahead >= slots THEN
        -- What has been in flight for long will probably stay for long.
        reason := 'concurrency';
        wait_s := least(1, (1 + ahead) * greatest(0.01, coalesce(extract(epoch FROM at_now - seen.oldest), 0) / 8));
    END IF;

    IF reason IS NOT NULL THEN
        until := at_now + make_interval(secs => wait_s);
        leaves := wait_s > p_patience_s;
        IF leaves AND NOT (p_returns AND reason IN ('spacing', 'queue')) THEN
            DELETE FROM ops.waiters w WHERE w.id = ticket.id;
            RETURN;
        END IF;
        INSERT INTO ops.waiters AS w (credential, account, stream, report, holder, backfill, away, reason,
                                      run_id, since, looked_at, ready_at, expected_at, expires_at)
        VALUES (p_credential, p_account, p_stream, p_report, p_holder, p_backfill, leaves, reason,
                p_run_id, at_now, at_now,
                CASE WHEN reason IN ('spacing', 'queue') THEN until ELSE at_now END, until,
                at_now + make_interval(secs => CASE
                    WHEN leaves THEN wait_s + 90
                    ELSE least(wait_s, p_longest_sleep_s) + 5 END))  -- a second late, four more lost
        ON CONFLICT (credential, report, holder) DO UPDATE
            SET away = excluded.away, reason = excluded.reason, looked_at = excluded.looked_at,
                ready_at = excluded.ready_at, expected_at = excluded.expected_at,
                expires_at = excluded.expires_at;
        RETURN;
    END IF;

    IF p_daily IS NOT NULL THEN
        BEGIN
            IF before < vendor_day AND NOT ops.count_request(p_asked, before, p_daily)
               OR NOT ops.count_request(p_asked, vendor_day, allowed) THEN
                RAISE no_data_found;  -- so that neither day counts what isn't granted
            END IF;
        EXCEPTION WHEN no_data_found THEN
            -- Used up this moment under another credential, which may have moved it: the next look says so.
            reason := 'queue';
            until := at_now;
            wait_s := 0;
            RETURN;
        END;
        IF soon > vendor_day THEN
            PERFORM ops.move_quota(p_credential, p_bucket, soon);
            PERFORM ops.count_request(p_asked, soon, NULL);
        END IF;
    END IF;
    IF ticket.id IS NOT NULL THEN
        DELETE FROM ops.waiters w WHERE w.id = ticket.id;
    END IF;
    IF p_backfill AND seen.any_waits THEN
        UPDATE ops.waiters w SET since = at_now
         WHERE w.credential = p_credential AND w.report = p_report AND w.backfill;
    END IF;
    permit := nextval('ops.request_ids');
    granted_at := at_now;
    INSERT INTO ops.permits (id, credential, account, stream, report, backfill, run_id, lease_s, counts_s,
                             granted_at, expires_at)
    VALUES (permit, p_credential, p_account, p_stream, p_report, p_backfill, p_run_id, p_lease_s,
            greatest(p_spacing_s, CASE WHEN p_rate IS NOT NULL THEN rate_span ELSE 0 END),
            at_now, at_now + make_interval(secs => p_lease_s));
END $$;
