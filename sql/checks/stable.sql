-- Fields that changed at each read of a record in the last week, and aren't declared volatile.
SELECT account, CAST(NULL AS date) AS call_date,
       format('%s of %s: changed with each of a record''s last versions (it has %s): declare it volatile in the vendor''s module',
              string_agg(field, ', ' ORDER BY field), CAST(:stream AS text), max(versions)) AS note
  FROM ops.unstable_fields
 WHERE account = ANY(:accounts) AND stream = :stream AND NOT field = ANY(:volatile)
   AND noticed_at > now() - interval '7 days'
 GROUP BY account;
