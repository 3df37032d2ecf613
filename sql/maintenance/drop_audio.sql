-- The files are gone. That they were fetched once is still known, so that nobody fetches them again; and that
-- nothing is left of them, by a digest that no payload has.
WITH gone AS (
    SELECT * FROM unnest(CAST(:dates AS date[]), CAST(:accounts AS text[]), CAST(:keys AS text[]))
                  AS g (call_date, account, record_key)
), heads AS (
    UPDATE raw.heads h SET digest = ops.no_digest() FROM gone g
     WHERE h.account = g.account AND h.stream = ANY(CAST(:streams AS text[])) AND h.record_key = g.record_key
), versions AS (
    DELETE FROM raw.records r USING gone g
     WHERE r.call_date = ANY(CAST(:dates AS date[])) AND (r.call_date, r.account, r.record_key) = (g.call_date, g.account, g.record_key)
       AND r.stream = ANY(CAST(:streams AS text[]))
), changed AS (
    UPDATE facts.recordings t SET audio_uri = NULL, audio_sha256 = NULL FROM gone g
     WHERE t.call_date = ANY(CAST(:dates AS date[])) AND (t.call_date, t.account, t.recording_id) = (g.call_date, g.account, g.record_key)
    RETURNING t.call_date, t.account
)
INSERT INTO ops.stale_days (call_date, account) SELECT DISTINCT call_date, account FROM changed;
