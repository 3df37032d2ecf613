-- What waits in a table's stage into the table: only what differs is written.
INSERT INTO facts.{table} AS t ({copied})
SELECT {copied} FROM stage_{target}
ON CONFLICT ({key}) DO UPDATE
   SET ({assigned}) = ROW ({assigned:excluded})
 WHERE ({compared:t}) IS DISTINCT FROM ({compared:excluded});
