-- Days on which raw isn't facts + rejects, or isn't what the vendor itself counts. All counted from
-- the tables: ops.days is what is checked, too. Of a day that is gone for its age it tells what there was.
WITH heads AS (
    SELECT account, call_date, count(*) AS raw, count(*) FILTER (WHERE missing_since IS NULL) AS present
      FROM raw.heads
     WHERE account = ANY(:accounts) AND stream = :stream AND call_date = ANY(:days)
       AND NOT (:replaces AND missing_since IS NOT NULL)
     GROUP BY account, call_date
), facts AS (
    SELECT account, call_date, {records} AS facts FROM facts.{table}
     WHERE account = ANY(:accounts) AND stream = :stream AND call_date = ANY(:days)
     GROUP BY account, call_date
), rejects AS (
    SELECT account, call_date, count(record_key) AS rejects,
           count(*) FILTER (WHERE record_key IS NULL AND field <> 'body') AS unkeyed
      FROM ops.rejects
     WHERE account = ANY(:accounts) AND stream = :stream AND call_date = ANY(:days) AND resolved_at IS NULL
     GROUP BY account, call_date
), left_out AS (
    SELECT account, call_date, count(*) AS suppressed FROM ops.suppressed_records
     WHERE account = ANY(:accounts) AND stream = :stream AND call_date = ANY(:days)
       AND NOT is_kept AND missing_since IS NULL
     GROUP BY account, call_date
), counted AS (
    SELECT d.account, d.call_date, d.vendor_total, d.repeats, coalesce(raw, 0) AS raw, coalesce(present, 0) AS present,
           coalesce(facts.facts, 0) AS facts, coalesce(rejects.rejects, 0) AS rejects, coalesce(unkeyed, 0) AS unkeyed,
           coalesce(left_out.suppressed, 0) AS suppressed
      FROM ops.days d
      LEFT JOIN heads USING (account, call_date) LEFT JOIN facts USING (account, call_date)
      LEFT JOIN rejects USING (account, call_date) LEFT JOIN left_out USING (account, call_date)
     WHERE d.account = ANY(:accounts) AND d.stream = :stream AND d.call_date = ANY(:days)
       AND d.expired_at IS NULL
)
SELECT account, call_date,
       CASE WHEN raw <> facts + rejects
            THEN format('%s raw records, but %s facts and %s rejects: materialise the facts asset of this day to rebuild it', raw, facts, rejects)
            ELSE format('the vendor counts %s records, %s are here: materialise this day to read it again', vendor_total, present + unkeyed + repeats + suppressed) END AS note
  FROM counted
 WHERE raw <> facts + rejects OR vendor_total <> present + unkeyed + repeats + suppressed;
