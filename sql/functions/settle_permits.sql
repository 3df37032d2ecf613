-- Brings a locked credential's state up to now: what is over no longer counts.
CREATE OR REPLACE FUNCTION ops.settle_permits(p_credential text, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    -- Where the clock was set back nothing is from the future, and nothing lasts longer for it.
    UPDATE ops.permits p
       SET granted_at = least(p.granted_at, p_now),
           reached_at = CASE WHEN p.reached_at IS NOT NULL THEN least(p.reached_at, p_now) END,
           expires_at = least(p.expires_at, p_now + make_interval(secs => p.lease_s))
     WHERE p.credential = p_credential
       AND (p.granted_at > p_now OR p.reached_at > p_now
            OR p.expires_at > p_now + make_interval(secs => p.lease_s));
    UPDATE ops.waiters w
       SET since = least(w.since, p_now), looked_at = p_now,
           ready_at = w.ready_at - (w.looked_at - p_now),
           expected_at = w.expected_at - (w.looked_at - p_now),
           expires_at = w.expires_at - (w.looked_at - p_now)
     WHERE w.credential = p_credential AND w.looked_at > p_now;
    UPDATE ops.holds h SET since = p_now, until = h.until - (h.since - p_now)
     WHERE h.credential = p_credential AND h.since > p_now;

    -- A worker that stopped renewing: its request may have reached the vendor until the lease's end.
    WITH lost AS (
        UPDATE ops.permits p SET reached_at = p.expires_at
         WHERE p.credential = p_credential AND p.reached_at IS NULL AND p.expires_at <= p_now
        RETURNING p.*
    )
    INSERT INTO ops.requests (id, account, stream, report, backfill, requested_at, duration_s, error, run_id)
    SELECT id, account, stream, report, backfill, granted_at, extract(epoch FROM expires_at - granted_at),
           'the worker was lost before the answer came', run_id
      FROM lost
    ON CONFLICT (id) DO NOTHING;
    DELETE FROM ops.permits p
     WHERE p.credential = p_credential AND p.reached_at + make_interval(secs => p.counts_s) <= p_now;
    DELETE FROM ops.waiters w WHERE w.credential = p_credential AND w.expires_at <= p_now;
END $$;
