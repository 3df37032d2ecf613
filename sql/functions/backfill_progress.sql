-- How far a backfill is: days read whole since it began, requests made, and when it will be done.
-- As long as a window isn't done, the days that its parts have brought count, or the details that
-- have been asked for. Where a vendor wants a pause between requests, each of them takes a turn, and
-- polls take others: the length of a turn is what it has been, or before that what it should be.
CREATE OR REPLACE FUNCTION ops.backfill_progress(
    p_backfill ops.backfills,
    OUT days_read integer, OUT requests integer, OUT expected_at timestamptz
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    at_now     timestamptz := ops.now();
    first_at   timestamptz;
    last_at    timestamptz;
    share      double precision;
    turn       interval;
    to_go      double precision;
BEGIN
    SELECT count(*), min(r.requested_at), max(r.requested_at) INTO requests, first_at, last_at
      FROM ops.requests r
     WHERE r.account = p_backfill.account AND r.stream = p_backfill.stream AND r.backfill
       AND coalesce(r.run_id, '') = p_backfill.run_id AND r.requested_at >= p_backfill.started_at;
    SELECT greatest(count(*), p_backfill.days * p_backfill.done / p_backfill.windows) INTO days_read
      FROM ops.days d
     WHERE d.account = p_backfill.account AND d.stream = p_backfill.stream
       AND d.call_date BETWEEN p_backfill.first_day AND p_backfill.last_day
       AND d.read_at >= p_backfill.started_at;
    days_read := least(days_read, p_backfill.days);
    share := greatest(days_read / p_backfill.days::double precision,
                      least(coalesce(requests / nullif(p_backfill.details, 0)::double precision, 0), 1));
    IF p_backfill.turn_s > 0 THEN
        turn := CASE WHEN requests > 2 THEN (last_at - first_at) / (requests - 1)
                     ELSE make_interval(secs => p_backfill.turn_s) END;
        to_go := ceil((1 - share) * greatest(p_backfill.windows, CASE WHEN share > 0 THEN requests / share END));
        expected_at := greatest(at_now, coalesce(last_at + turn, at_now)) + greatest(to_go - 1, 0) * turn;
    ELSIF share > 0 THEN
        expected_at := at_now + (at_now - p_backfill.started_at) * ((1 - share) / share);
    END IF;
END $$;
