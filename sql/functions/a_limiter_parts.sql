-- No request of this report (or, with '', of this credential at all) before `until`.
CREATE OR REPLACE FUNCTION ops.hold(p_credential text, p_report text, p_until timestamptz, p_reason text)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO ops.budgets AS b (credential, report, next_at, reason)
    VALUES (p_credential, p_report, p_until, p_reason)
    ON CONFLICT (credential, report) DO UPDATE
        SET next_at = excluded.next_at, reason = excluded.reason
        WHERE b.next_at < excluded.next_at;
$$;

-- Permits whose worker stopped renewing them, and places in the queue that nobody came back for.
-- The lost request may have reached the vendor as late as its lease's end: it counts from there.
CREATE OR REPLACE FUNCTION ops.reap_permits(p_credential text, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM ops.waiters WHERE credential = p_credential AND expires_at <= p_now;
    IF EXISTS (SELECT FROM ops.permits WHERE credential = p_credential AND expires_at <= p_now) THEN
        WITH lost AS (
            DELETE FROM ops.permits WHERE credential = p_credential AND expires_at <= p_now RETURNING *
        ), held AS (
            SELECT ops.hold(credential, report, expires_at + make_interval(secs => spacing_s), 'spacing')
              FROM lost WHERE spacing_s > 0
        ), noted AS (
            INSERT INTO ops.requests (account, stream, report, backfill, requested_at, duration_s, error, run_id)
            SELECT account, stream, report, backfill, granted_at,
                   extract(epoch FROM expires_at - granted_at), 'the worker was lost before the answer came', run_id
              FROM lost RETURNING 1
        ) SELECT FROM held, noted;
    END IF;
END $$;
