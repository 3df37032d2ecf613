-- Records of a day, of accounts whose audio is read, of which nothing says where theirs is. It may lie in
-- its place all the same: a worker ended before it could say so, or what said so is gone.
SELECT DISTINCT h.account, h.record_key
  FROM raw.heads h
 WHERE h.call_date = :day AND (CAST(:account AS text) IS NULL OR h.account = :account)
   AND (EXISTS (SELECT FROM ops.accounts a WHERE a.account = h.account AND a.streams && CAST(:streams AS text[]))
        OR EXISTS (SELECT FROM ops.days d
                    WHERE d.account = h.account AND d.stream = ANY(CAST(:streams AS text[])) AND d.call_date = h.call_date))
   AND NOT EXISTS (SELECT FROM facts.recordings t
                    WHERE t.call_date = :day AND t.account = h.account AND t.recording_id = h.record_key
                      AND t.audio_uri IS NOT NULL);
