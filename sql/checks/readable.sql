-- Fields of a day's records that couldn't be read; what stands for no value is no fault.
WITH faults AS (
    SELECT account, call_date, field, reason, records
      FROM ops.field_faults
     WHERE account = ANY(:accounts) AND stream = :stream AND call_date = ANY(:days) AND reason <> 'a placeholder for no value'
), told AS (
    SELECT f.account, f.call_date, f.field, f.records,
           format('%s: %s, in %s of %s records (since %s)', f.field, f.reason, f.records, d.raw_records,
                  (SELECT min(call_date) FROM ops.field_faults s
                    WHERE s.account = f.account AND s.stream = :stream AND s.field = f.field AND s.reason = f.reason)) AS text
      FROM faults f JOIN ops.days d ON d.account = f.account AND d.stream = :stream AND d.call_date = f.call_date
)
SELECT account, call_date,
       string_agg(text, '; ' ORDER BY records DESC, field)
       || '. The facts have NULL there, or what was kept of it; raw.records what was sent: report it; after an upgrade that reads it, materialise the facts asset of these days' AS note
  FROM told GROUP BY account, call_date;
