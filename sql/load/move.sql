-- Rows of details go along with the records that they are of.
UPDATE facts.{table} t SET call_date = s.call_date FROM stage_records s
 WHERE t.call_date = ANY(:days) AND t.account = :account AND t.stream = :detail
   AND t.call_date = s.old_date AND {record_key:t} = s.record_key AND s.old_date <> s.call_date;
