-- Counts the days anew. What comes late opens a complete day again: it is read once more. The
-- vendor's total is of the records that it was told with: others make it void, and the next full read
-- is the first to show them. A day that lacked
-- records and was left open by that is read again at once when they turn out to have moved. When :erases
-- records were erased here: nothing came, and the vendor counts what it counted. When it :rebuilds, they came from the
-- day beside it: what was read whole, as both were, stays so, as the vendor may show it no longer. A day that has
-- records stays one of the time zone that they were loaded by (load/rezone_day).
-- A day that is gone for its age isn't counted, whatever a backfill has brought of it, as its marts stay, too.
WITH heads AS (
    SELECT call_date, count(*) AS raw_records, count(*) FILTER (WHERE rejected) AS rejects,
           count(*) FILTER (WHERE rejected AND missing_since IS NULL) AS bad,
           count(*) FILTER (WHERE is_open AND missing_since IS NULL) AS open_records,
           count(*) FILTER (WHERE missing_since IS NOT NULL) AS missing
      FROM raw.heads
     WHERE account = :account AND stream = :stream AND call_date = ANY(:days)
       AND NOT (:replaces AND missing_since IS NOT NULL)
     GROUP BY call_date
), bad AS (
    -- An answer that couldn't be read (its body) counts as unkeyed, too: a day with one is neither empty nor complete.
    -- A sum of hashes tells whether they are the same, in whatever order they come.
    SELECT call_date, count(*) FILTER (WHERE record_key IS NULL) AS unkeyed,
           md5(sum(hashtextextended(concat_ws(' ', coalesce(record_key, digest::text), field, reason), 0))::text)::uuid AS rejected
      FROM ops.rejects
     WHERE account = :account AND stream = :stream AND call_date = ANY(:days) AND resolved_at IS NULL
     GROUP BY call_date
), left_out AS (
    SELECT call_date, count(*) AS suppressed FROM ops.suppressed_records
     WHERE account = :account AND stream = :stream AND call_date = ANY(:days)
       AND NOT is_kept AND missing_since IS NULL
     GROUP BY call_date
), faulty AS (
    SELECT call_date, field, reason, count(*) AS records
      FROM raw.heads CROSS JOIN LATERAL jsonb_each_text(faults) AS f (field, reason)
     WHERE account = :account AND stream = :stream AND call_date = ANY(:days)
       AND faults IS NOT NULL AND missing_since IS NULL
     GROUP BY call_date, field, reason
), no_longer_faulty AS (
    DELETE FROM ops.field_faults t
     WHERE account = :account AND stream = :stream AND call_date = ANY(:days)
       AND NOT EXISTS (SELECT FROM faulty f WHERE (f.call_date, f.field, f.reason) = (t.call_date, t.field, t.reason))
), faults_counted AS (
    INSERT INTO ops.field_faults AS t (account, stream, call_date, field, reason, records)
    SELECT :account, :stream, call_date, field, reason, records FROM faulty
    ON CONFLICT (account, stream, call_date, field, reason)
    DO UPDATE SET records = excluded.records, last_seen_at = now() WHERE t.records <> excluded.records
), counted AS (
    SELECT day AS call_date, facts, coalesce(raw_records, 0) AS raw_records, coalesce(rejects, 0) AS rejects,
           coalesce(heads.bad, 0) AS bad, coalesce(open_records, 0) AS open_records,
           coalesce(missing, 0) AS missing, coalesce(unkeyed, 0) AS unkeyed,
           coalesce(suppressed, 0) AS suppressed, bad.rejected
      FROM unnest(CAST(:days AS date[]), CAST(:facts AS bigint[])) AS f (day, facts)
      LEFT JOIN heads ON heads.call_date = day LEFT JOIN bad ON bad.call_date = day
      LEFT JOIN left_out ON left_out.call_date = day
), before AS (
    SELECT c.call_date, d.state = 'complete' AND is_other AS opens,
           (d.state = 'complete' OR d.state = 'settling' AND d.lacking IS NOT NULL) AND is_other AS is_due,
           :rebuilds AND NOT EXISTS (
               SELECT FROM ops.days n
                WHERE n.account = :account AND n.stream = :stream AND n.completed_at IS NULL
                  AND n.call_date IN (c.call_date - 1, c.call_date + 1)) AS was_read
      FROM counted c JOIN ops.days d ON d.account = :account AND d.stream = :stream AND d.call_date = c.call_date
      CROSS JOIN LATERAL (SELECT (d.raw_records, d.rejects, d.open_records, d.missing)
               IS DISTINCT FROM (c.raw_records, c.rejects, c.open_records, c.missing) AND NOT :erases AS is_other) o
), written AS (
    INSERT INTO ops.days AS d (account, stream, call_date, state, timezone, raw_records, facts, rejects,
                               open_records, missing, suppressed, last_polled_at, note)
    SELECT :account, :stream, call_date, 'open', :timezone, raw_records, facts, rejects, open_records, missing, suppressed, :now,
           CASE WHEN call_date < :start_date THEN 'before the account''s start_date: never read in full by itself' END
      FROM counted
    ON CONFLICT (account, stream, call_date) DO UPDATE
       SET timezone = coalesce(CASE WHEN d.raw_records > 0 THEN d.timezone END, excluded.timezone, d.timezone),
           raw_records = excluded.raw_records, facts = excluded.facts,
           rejects = excluded.rejects, open_records = excluded.open_records, missing = excluded.missing,
           suppressed = excluded.suppressed,
           last_polled_at = CASE WHEN :erases THEN d.last_polled_at ELSE :now END,
           same_since = CASE WHEN :erases OR (d.raw_records, d.missing, d.suppressed) = (excluded.raw_records, excluded.missing, excluded.suppressed)
                             THEN d.same_since END,
           vendor_total = CASE WHEN :erases OR (d.raw_records, d.missing, d.suppressed) = (excluded.raw_records, excluded.missing, excluded.suppressed)
                               THEN d.vendor_total END,
           rejected = CASE WHEN :erases THEN (SELECT c.rejected FROM counted c WHERE c.call_date = d.call_date) ELSE d.rejected END,
           (state, next_read_at, completed_at, note) =
               (SELECT CASE WHEN opens THEN 'settling' ELSE d.state END,
                       CASE WHEN is_due THEN :now ELSE d.next_read_at END,
                       CASE WHEN is_due AND NOT was_read THEN NULL ELSE d.completed_at END,
                       CASE WHEN opens THEN 'records came late' ELSE d.note END
                  FROM before WHERE before.call_date = d.call_date)
     WHERE d.expired_at IS NULL
    RETURNING call_date, state, attempts, lacking, rejected AS last_rejected, same_rejects,
              completed_at IS NOT NULL AS was_complete, same_since, xmax = 0 AS is_first
)
SELECT call_date, state, attempts, lacking, last_rejected, same_rejects, was_complete, same_since, is_first,
       suppressed, missing, raw_records, facts, rejects, bad, open_records, unkeyed, rejected
  FROM written JOIN counted USING (call_date);
