-- Records of the days that a full, complete read no longer returned.
UPDATE raw.heads h SET missing_since = now()
 WHERE h.account = :account AND h.stream = :stream AND h.call_date = ANY(:days) AND h.missing_since IS NULL
   AND h.observed_at <= :observed_at
   AND h.observed_at >= (SELECT scope_since FROM ops.streams s
                          WHERE s.account = :account AND s.stream = :stream)
   AND NOT EXISTS (SELECT FROM stage_seen s WHERE s.record_key = h.record_key)
RETURNING record_key, call_date;
