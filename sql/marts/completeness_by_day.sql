SELECT d.call_date, d.account, s.vendor, d.stream, d.state, d.timezone, d.vendor_total,
       d.raw_records + unkeyed.records AS raw_records, d.facts, d.rejects + unkeyed.records AS rejects,
       d.missing AS missing_records, CASE WHEN d.expired_at IS NULL THEN gone.records END AS missing_rejects,
       d.suppressed, d.open_records, d.last_polled_at, d.completed_at, d.expired_at, masked.numbers(d.note) AS note,
       array_to_string(d.made_for, ' and ') AS made_for
  FROM ops.days d LEFT JOIN ops.streams s USING (account, stream)
 -- What came without a key of its own is in ops.rejects alone.
 CROSS JOIN LATERAL (
    SELECT count(*) AS records FROM ops.rejects r
     WHERE r.account = d.account AND r.stream = d.stream AND r.call_date = d.call_date
       AND r.resolved_at IS NULL AND r.record_key IS NULL AND r.field <> 'body'
 ) unkeyed
 CROSS JOIN LATERAL (
    SELECT count(*) AS records FROM raw.heads h
     WHERE h.account = d.account AND h.stream = d.stream AND h.call_date = d.call_date
       AND h.rejected AND h.missing_since IS NOT NULL
       AND d.rejects > 0 AND d.missing > 0  -- which hardly a day has: no other is looked at
 ) gone
