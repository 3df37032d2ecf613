-- Whether some of a day's records have no raw any more: their facts can't be made again. Audio that has gone for its
-- age leaves nothing to make.
SELECT EXISTS (
    SELECT FROM raw.heads h
      LEFT JOIN raw.records r ON r.call_date = h.call_date AND r.account = h.account AND r.stream = h.stream
                             AND r.record_key = h.record_key AND r.version = h.version
     WHERE h.account = :account AND h.stream = :stream AND h.call_date = :day AND r.record_key IS NULL
       AND h.digest <> ops.no_digest()
) AS lacks_raw;
