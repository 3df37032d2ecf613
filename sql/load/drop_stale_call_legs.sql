-- What the changed records had here and no longer have: moved to another day, rejected, or no
-- longer of this kind.
DELETE FROM facts.call_legs t USING stage_records s
 WHERE t.call_date = ANY(:days) AND t.account = :account AND t.stream = :stream
   AND t.call_date = s.old_date AND t.leg_id = s.record_key
   AND NOT EXISTS (SELECT FROM stage_call_legs n WHERE n.call_date = s.old_date AND n.leg_id = s.record_key);
