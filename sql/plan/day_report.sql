-- How a business day of a vendor's stream stands: an account a row, those with trouble first.
SELECT d.account, d.state, d.vendor_total, d.raw_records, d.facts, d.rejects, d.open_records, d.note,
       d.last_polled_at, s.next_due_at
  FROM ops.days d JOIN ops.streams s USING (account, stream)
 WHERE s.vendor = :vendor AND d.stream = :stream AND d.call_date = :day
 ORDER BY d.state = 'failed' DESC, d.rejects > 0 DESC, d.state = 'complete', d.account;
