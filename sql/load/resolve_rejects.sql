-- Records that are facts now.
UPDATE ops.rejects r SET resolved_at = now() FROM stage_records s
 WHERE r.account = :account AND r.stream = :stream AND r.record_key = s.record_key
   AND r.resolved_at IS NULL AND NOT s.rejected;
