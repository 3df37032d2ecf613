-- Facts that stand in a day where their record isn't: left behind, or twice.
WITH facts AS (
    SELECT account, call_date, call_id AS record_key FROM facts.calls
     WHERE :table <> 'agent_usage' AND call_date = ANY(:days) AND account = ANY(:accounts) AND stream = :stream
    UNION ALL SELECT account, call_date, leg_id FROM facts.call_legs
     WHERE :table = 'call_legs' AND call_date = ANY(:days) AND account = ANY(:accounts) AND stream = :stream
    UNION ALL SELECT account, call_date, recording_id FROM facts.recordings
     WHERE :table = 'recordings' AND call_date = ANY(:days) AND account = ANY(:accounts) AND stream = :stream
    UNION ALL SELECT account, call_date, call_date || '/' || agent_name FROM facts.agent_usage
     WHERE :table = 'agent_usage' AND call_date = ANY(:days) AND account = ANY(:accounts) AND stream = :stream
)
SELECT f.account, f.call_date,
       format('%s fact(s) of records that are another day''s: materialise the facts asset of this day to rebuild it', count(*)) AS note
  FROM facts f
  LEFT JOIN raw.heads h ON h.account = f.account AND h.stream = :stream AND h.record_key = f.record_key
                       AND h.call_date = f.call_date
 WHERE h.record_key IS NULL
 GROUP BY f.account, f.call_date;
