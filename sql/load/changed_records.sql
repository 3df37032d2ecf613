-- Of the records just read, those that must be written: new, changed, back again, or rejected or
-- read in part before (a corrected mapping heals them; a placeholder for no value needs no healing).
-- An answer older than what is stored changes nothing.
-- Records of which an earlier read showed several states (twins) are contested, and left for later
-- where :contests says so; of those, and of what :came_before by another page, what is stored is told.
-- Of all others only their number by day, in rows without places; is_new_version says there that a newer
-- answer has shown them in another state meanwhile. What is new makes one row, as it has nothing stored.
-- The keys are looked up in one pass over the index, in their order: keys that are neighbours cost one
-- descent. ARRAY(SELECT …) hides from the planner how many they are: it would weigh each of them, and
-- read all records that the stream has ever had where it took them for many. The places come in any order.
-- :moment says of each record which of the :moments it was seen at: an answer's records share one. :came_before
-- may be empty, as nearly always none did. states, hashes: how many of them came for the first time in
-- their read, and the sum of hashes of keys and states, as in load/shows_all.
WITH known AS MATERIALIZED (
    SELECT * FROM raw.heads
     WHERE account = :account AND stream = :stream AND record_key = ANY(ARRAY(SELECT unnest(CAST(:keys AS text[]))))
), seen AS (
    SELECT place - 1 AS place, h.call_date AS old_date, coalesce(h.version, 0) AS version,
           h.digest IS DISTINCT FROM seen.digest AS is_new_version,
           coalesce(h.rejected, false) AS was_rejected, h.faults AS old_faults, h.missing_since AS was_missing_since,
           CASE WHEN came_before THEN 0 ELSE 1 END AS states,
           CASE WHEN came_before THEN 0 ELSE hashtextextended(record_key, uuid_hash_extended(seen.digest, 0)) END AS hashes,
           h.first_seen_at, :contests AND h.twins IS NOT NULL AS is_contested,
           CASE WHEN came_before OR h.twins IS NOT NULL THEN h.digest END AS old_digest, h.twins,
           h.record_key IS NULL OR (h.observed_at <= answer.observed_at
               AND NOT (:replaces AND coalesce(h.missing_since > answer.observed_at, false))
               AND (h.rejected OR h.missing_since IS NOT NULL OR h.digest <> seen.digest
                    OR coalesce(h.faults @? '$.* ? (@ != "a placeholder for no value")', false)))
               AS is_written
      FROM unnest(CAST(:keys AS text[]), CAST(:digests AS uuid[]), CAST(:moment AS integer[]),
                  CAST(:came_before AS boolean[]))
           WITH ORDINALITY AS seen (record_key, digest, moment, came_before, place)
      CROSS JOIN LATERAL (SELECT (CAST(:moments AS timestamptz[]))[moment]) AS answer (observed_at)
      LEFT JOIN known h USING (record_key)
)
SELECT array_agg(place) AS places, old_date, version, is_new_version, was_rejected,
       old_faults, was_missing_since, first_seen_at, is_contested, old_digest, twins, count(*) AS records,
       sum(states) AS states, sum(hashes) AS hashes
  FROM seen WHERE is_written OR is_contested
 GROUP BY old_date, version, is_new_version, was_rejected, old_faults, was_missing_since, first_seen_at,
          is_contested, old_digest, twins
UNION ALL
SELECT NULL, old_date, NULL, is_new_version, NULL, NULL, NULL, NULL, NULL, NULL, NULL, count(*),
       sum(states), sum(hashes)
  FROM seen WHERE NOT (is_written OR is_contested) GROUP BY old_date, is_new_version;
