-- A record whose version is known already, but belongs to another day than was thought (its
-- mapping or the account's time zone was corrected): what is stored of that version goes along.
UPDATE raw.records r SET call_date = s.call_date FROM stage_records s
 WHERE r.call_date = ANY(:days) AND r.account = :account AND r.stream = :stream
   AND r.call_date = s.old_date AND r.record_key = s.record_key AND r.version = s.version
   AND s.old_date <> s.call_date AND NOT s.is_new_version;
