-- Records of a day that have no detail yet and may be asked for now (or :all that lack it, given up
-- or not), except of records that are :kept without the person: newest first, from where the last ones
-- ended. What a record that goes on has of a detail is a part of it: it is asked for when the record is
-- final, or a day after it began. One that :probes whether the credential is accepted rather asks for what
-- hasn't been refused before: it may be refused by itself.
-- (WITH is for Citus, which joins no distributed table with local ones.)
WITH p AS (
    SELECT * FROM facts.{table}
     WHERE call_date = :day AND account = :account AND stream = :parent
       AND missing_since IS NULL AND started_at <= :ripe
)
SELECT {record_key:p} AS record_key, d.failures AS useless, p.*
  FROM p
  -- Each looked up by its key: a plain join may read all details that the account has ever had.
  LEFT JOIN LATERAL (
           SELECT record_key, rejected FROM raw.heads h
            WHERE h.account = p.account AND h.stream = :stream AND h.record_key = {record_key:p}
            LIMIT 1) h ON true
  LEFT JOIN LATERAL (
           SELECT is_open FROM raw.heads o
            WHERE o.account = p.account AND o.stream = :parent AND o.record_key = {record_key:p}
            LIMIT 1) o ON true
  LEFT JOIN ops.details d ON d.account = p.account AND d.stream = :stream AND d.record_key = {record_key:p}
 WHERE (h.record_key IS NULL OR h.rejected)
   AND (o.is_open IS NOT TRUE OR p.started_at <= CAST(:now AS timestamptz) - interval '1 day')
   AND NOT {record_key:p} = ANY(CAST(:kept AS text[]))
   AND (:all OR d.record_key IS NULL OR d.next_try_at <= :now)
   AND (CAST(:last_at AS timestamptz) IS NULL OR (p.started_at, {record_key:p}) < (:last_at, :last_key))
 ORDER BY :probes AND d.error IS NOT NULL, p.started_at DESC, {record_key:p} DESC
 LIMIT :most;
