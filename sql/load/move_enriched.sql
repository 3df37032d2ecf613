-- Rows that details enriched go along with their records, before these are merged into them: raw, from which
-- they could be enriched again, may be gone. With the start that they have now: a day takes no other's. Those
-- of what is rejected now are left behind, to be dropped.
UPDATE facts.{table} t SET call_date = s.call_date, started_at = f.started_at
  FROM stage_records s JOIN stage_{table} f ON {record_key:f} = s.record_key
 WHERE t.call_date = ANY(:days) AND t.account = :account AND t.stream = :stream
   AND t.call_date = s.old_date AND {record_key:t} = s.record_key AND s.old_date <> s.call_date AND NOT s.rejected;
