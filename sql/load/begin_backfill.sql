-- What an earlier run of a killed process left of it is over.
WITH over AS (DELETE FROM ops.backfills WHERE seen_at < ops.now() - interval '1 day')
INSERT INTO ops.backfills (account, stream, run_id, windows, days, first_day, last_day, details, turn_s,
                           started_at, seen_at)
VALUES (:account, :stream, :run_id, :windows, :days, :first_day, :last_day,
        -- Of the days' parents those that have no detail yet; none, where days are read by windows.
        (SELECT sum(greatest(p.facts - coalesce(d.facts, 0), 0))
           FROM ops.days p
           LEFT JOIN ops.days d ON d.account = p.account AND d.stream = :stream AND d.call_date = p.call_date
          WHERE p.account = :account AND p.stream = :parent AND p.call_date BETWEEN :first_day AND :last_day),
        :turn_s, ops.now(), ops.now())
ON CONFLICT (account, stream, run_id) DO UPDATE
   SET windows = excluded.windows, done = 0, days = excluded.days, first_day = excluded.first_day,
       last_day = excluded.last_day, details = excluded.details, turn_s = excluded.turn_s,
       started_at = excluded.started_at, seen_at = excluded.seen_at;
