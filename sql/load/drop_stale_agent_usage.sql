-- An aggregate's record key is its day and its agent.
DELETE FROM facts.agent_usage t USING stage_records s
 WHERE t.call_date = ANY(:days) AND t.account = :account AND t.stream = :stream
   AND t.call_date = s.old_date AND s.old_date || '/' || t.agent_name = s.record_key
   AND NOT EXISTS (SELECT FROM stage_agent_usage n
                    WHERE n.call_date = s.old_date AND n.agent_name = t.agent_name);
