-- The newest versions of some records, the oldest of them first.
SELECT record_key, payload::text AS payload
  FROM (SELECT record_key, version, payload,
               row_number() OVER (PARTITION BY record_key ORDER BY version DESC) AS age
          FROM raw.records
         WHERE call_date = ANY(:days) AND account = :account AND stream = :stream
           AND record_key = ANY(:keys)) AS versions
 WHERE age <= :most
 ORDER BY record_key, version;
