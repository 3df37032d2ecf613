CREATE OR REPLACE VIEW marts.completeness_by_day AS
SELECT d.call_date, d.account, s.vendor, d.stream, d.state, d.timezone, d.vendor_total, d.raw_records, d.facts,
       d.rejects, d.open_records, d.last_polled_at, d.completed_at, d.note
  FROM ops.days d LEFT JOIN ops.streams s USING (account, stream);
COMMENT ON VIEW marts.completeness_by_day IS
    'How complete each business day of each account''s stream is: look here before you trust a number';
COMMENT ON COLUMN marts.completeness_by_day.call_date IS 'Business day, in the account''s time zone';
COMMENT ON COLUMN marts.completeness_by_day.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN marts.completeness_by_day.vendor IS 'The vendor, by its name in accounts.toml, such as wolkvox';
COMMENT ON COLUMN marts.completeness_by_day.stream IS 'Stream of the vendor, such as calls';
COMMENT ON COLUMN marts.completeness_by_day.state IS 'open: the day goes on or was never read whole. settling: read whole, but records may still change. complete: read whole, and raw = facts + rejects. failed: note says why';
COMMENT ON COLUMN marts.completeness_by_day.timezone IS 'The time zone whose calendar day this is. NULL: nothing loaded yet';
COMMENT ON COLUMN marts.completeness_by_day.vendor_total IS 'The vendor''s own count of the day''s records. NULL: it gives none';
COMMENT ON COLUMN marts.completeness_by_day.raw_records IS 'Records of the day, each counted once whatever its versions';
COMMENT ON COLUMN marts.completeness_by_day.facts IS 'Records that are facts';
COMMENT ON COLUMN marts.completeness_by_day.rejects IS 'Records that couldn''t become facts: the figures lack them';
COMMENT ON COLUMN marts.completeness_by_day.open_records IS 'Records that the vendor will still change';
COMMENT ON COLUMN marts.completeness_by_day.last_polled_at IS 'When the day was last read, also in part or in vain';
COMMENT ON COLUMN marts.completeness_by_day.completed_at IS 'When the day turned complete; kept while it is read again only to make sure. NULL: it isn''t, or records came since';
COMMENT ON COLUMN marts.completeness_by_day.note IS 'Why the state is what it is';
