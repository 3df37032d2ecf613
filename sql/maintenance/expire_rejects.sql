-- What has no key is counted here alone: the day's counts, which stay, take it over.
WITH gone AS (
    DELETE FROM ops.rejects WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM ops.rejects WHERE call_date = :day LIMIT :most))
    RETURNING account, stream, record_key IS NULL AND field <> 'body' AND resolved_at IS NULL AS is_unkeyed
), unkeyed AS (
    SELECT account, stream, count(*) AS records FROM gone WHERE is_unkeyed GROUP BY account, stream
), counted AS (
    UPDATE ops.days d SET raw_records = d.raw_records + u.records, rejects = d.rejects + u.records
      FROM unkeyed u WHERE d.call_date = :day AND d.account = u.account AND d.stream = u.stream
)
SELECT 1 FROM gone;
