-- An aggregate is the vendor's current set: who is gone from the answer is gone from the facts.
DELETE FROM facts.agent_usage
 WHERE call_date = ANY(:days) AND account = :account AND stream = :stream
   AND call_date || '/' || agent_name = ANY(:keys);
