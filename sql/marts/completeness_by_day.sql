SELECT d.call_date, d.account, s.vendor, d.stream, d.state, d.timezone, d.vendor_total, d.raw_records, d.facts,
       d.rejects, d.suppressed, d.open_records, d.last_polled_at, d.completed_at, d.expired_at, masked.numbers(d.note) AS note
  FROM ops.days d LEFT JOIN ops.streams s USING (account, stream)
