-- Rows that are new, though a detail enriched them before: they moved to another day, or were
-- rejected for a while.
UPDATE facts.{table} t SET ({assigned}) = ROW ({assigned:p})
  FROM stage_{table} s
  JOIN raw.heads h ON h.account = s.account AND h.stream = :detail AND h.record_key = {record_key:s}
                  AND NOT h.rejected
  JOIN raw.records r ON r.call_date = h.call_date AND r.account = h.account AND r.stream = h.stream
                    AND r.record_key = h.record_key AND r.version = h.version
  CROSS JOIN LATERAL jsonb_to_record(r.payload) AS p ({typed})
 WHERE t.call_date = ANY(:days) AND r.call_date = ANY(:days)
   AND ({key:t}) = ({key:s}) AND ({assigned:t}) IS NULL;
