-- The newest version of each record of the days: what facts are rebuilt from.
SELECT h.record_key, h.call_date, h.version, h.digest, h.observed_at, h.missing_since, r.payload
  FROM raw.heads h
  JOIN raw.records r ON r.call_date = h.call_date AND r.account = h.account AND r.stream = h.stream
                    AND r.record_key = h.record_key AND r.version = h.version
 WHERE h.account = :account AND h.stream = :stream AND h.call_date = ANY(:days)
   AND r.call_date = ANY(:days);
