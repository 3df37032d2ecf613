-- Whether the days' records, without those that are missing, are the very ones that a read showed, in the states
-- that it showed: as many, with the same sum of hashes. None of them may be out of scope, as load/known_keys says.
-- is_plain: none of them would be written again though it hasn't changed, as load/changed_records says.
SELECT count(*) = :records
       AND coalesce(sum(hashtextextended(h.record_key, uuid_hash_extended(h.digest, 0))), 0) = :hashes
       AND coalesce(min(h.observed_at) >= (SELECT scope_since FROM ops.streams
                                            WHERE account = :account AND stream = :stream), true) AS shows_all,
       bool_or(h.rejected OR h.twins IS NOT NULL
               OR coalesce(h.faults @? '$.* ? (@ != "a placeholder for no value")', false)) IS NOT TRUE AS is_plain
  FROM raw.heads h
 WHERE h.account = :account AND h.stream = :stream AND h.call_date = ANY(:days) AND h.missing_since IS NULL;
