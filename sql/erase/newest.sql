-- The newest versions of records that are facts, as far as raw still has them.
SELECT h.record_key, r.payload::text AS payload
  FROM raw.heads h
  LEFT JOIN raw.records r ON r.call_date = h.call_date AND r.account = h.account AND r.stream = h.stream
                         AND r.record_key = h.record_key AND r.version = h.version AND r.call_date = ANY(:days)
 WHERE h.account = :account AND h.stream = :stream AND h.record_key = ANY(CAST(:keys AS text[]));
