-- Details are of the day of the record that they belong to, wherever it goes.
WITH moved AS (
    SELECT record_key, old_date, call_date FROM stage_records WHERE old_date <> call_date
), heads AS (
    UPDATE raw.heads t SET call_date = m.call_date FROM moved m
     WHERE t.account = :account AND t.stream = :detail AND t.record_key = m.record_key
), versions AS (
    UPDATE raw.records t SET call_date = m.call_date FROM moved m
     WHERE t.call_date = ANY(:days) AND t.account = :account AND t.stream = :detail
       AND t.call_date = m.old_date AND t.record_key = m.record_key
), rejects AS (
    UPDATE ops.rejects t SET call_date = m.call_date FROM moved m
     WHERE t.account = :account AND t.stream = :detail AND t.record_key = m.record_key
)
UPDATE ops.details t SET call_date = m.call_date FROM moved m
 WHERE t.account = :account AND t.stream = :detail AND t.record_key = m.record_key;
