-- The newest version of each record of a day, a batch after another in the order of their keys:
-- what facts are rebuilt from.
SELECT record_key, call_date, version, replace(digest::text, '-', '') AS digest,
       observed_at, first_seen_at, missing_since, is_open, rejected, faults, payload::text AS payload
       -- Only of those that are returned the payload becomes text.
  FROM (SELECT h.*, r.payload
          FROM raw.heads h
          JOIN raw.records r ON r.call_date = h.call_date AND r.account = h.account AND r.stream = h.stream
                            AND r.record_key = h.record_key AND r.version = h.version
         WHERE h.account = :account AND h.stream = :stream AND h.call_date = :day AND r.call_date = :day
           AND h.record_key > :after AND NOT (:replaces AND h.missing_since IS NOT NULL)
         ORDER BY h.record_key LIMIT :most) AS newest
 ORDER BY record_key;
