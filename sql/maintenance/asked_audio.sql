-- Recordings of before a day whose audio was asked for, and of which no answer is known: a worker may have put
-- it away before it was killed. Not those of a day that somebody reads.
SELECT d.call_date, d.account, d.record_key, CAST(NULL AS text) AS uri
  FROM ops.details d
 WHERE d.stream = ANY(CAST(:streams AS text[])) AND d.call_date < :before AND d.next_try_at IS NOT NULL
   AND NOT EXISTS (SELECT FROM raw.heads h
                    WHERE h.account = d.account AND h.stream = d.stream AND h.record_key = d.record_key)
   AND NOT EXISTS (SELECT FROM ops.reads r
                    WHERE r.account = d.account AND r.stream = d.stream AND d.call_date = ANY(r.days) AND r.expires_at > ops.now())
 ORDER BY d.call_date LIMIT :most;
