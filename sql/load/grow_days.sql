-- Days that got new records and nothing else, by how many: to count all of a day again after each batch
-- would read it as often as it has batches. Returns those that it knows enough of: one that counts as
-- read, or is gone for its age, is counted again.
INSERT INTO ops.days AS d (account, stream, call_date, state, timezone, raw_records, facts, open_records,
                           last_polled_at, note)
SELECT :account, :stream, call_date, 'open', :timezone, raw_records, facts, open_records, :now,
       CASE WHEN call_date < :start_date THEN 'before the account''s start_date: never read in full by itself' END
  FROM unnest(CAST(:days AS date[]), CAST(:raw_records AS bigint[]), CAST(:facts AS bigint[]),
              CAST(:open_records AS bigint[])) AS grown (call_date, raw_records, facts, open_records)
ON CONFLICT (account, stream, call_date) DO UPDATE
   SET timezone = coalesce(CASE WHEN d.raw_records > 0 THEN d.timezone END, excluded.timezone),
       raw_records = d.raw_records + excluded.raw_records,
       facts = d.facts + excluded.facts, open_records = d.open_records + excluded.open_records,
       last_polled_at = :now, same_since = NULL, vendor_total = NULL
 WHERE d.state IN ('open', 'failed') AND d.expired_at IS NULL
RETURNING call_date;
