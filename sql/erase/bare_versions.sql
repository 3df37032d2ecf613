-- Records without the person: what is left of the newest version is the only one.
WITH bare AS (
    SELECT * FROM unnest(CAST(:bare_keys AS text[]), CAST(:payloads AS text[]), CAST(:digests AS uuid[]))
                  AS b (record_key, payload, digest)
), heads AS (
    UPDATE raw.heads h SET digest = b.digest, faults = NULL, twins = NULL FROM bare b
     WHERE h.account = :account AND h.stream = :stream AND h.record_key = b.record_key
    RETURNING h.record_key, h.call_date, h.version
), older AS (
    DELETE FROM raw.records r USING heads h
     WHERE r.call_date = ANY(:days) AND r.account = :account AND r.stream = :stream AND r.record_key = h.record_key
       AND (r.call_date, r.version) <> (h.call_date, h.version)
    RETURNING 1
), newest AS (
    UPDATE raw.records r SET payload = CAST(b.payload AS jsonb) FROM heads h JOIN bare b USING (record_key)
     WHERE r.call_date = ANY(:days) AND r.account = :account AND r.stream = :stream
       AND (r.record_key, r.call_date, r.version) = (h.record_key, h.call_date, h.version)
    RETURNING 1
)
SELECT (SELECT count(*) FROM older) + (SELECT count(*) FROM newest) AS rows;
