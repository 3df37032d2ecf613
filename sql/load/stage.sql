DROP TABLE IF EXISTS pg_temp.stage_{target};
CREATE TEMP TABLE stage_{target} ON COMMIT DROP AS
SELECT {copied} FROM facts.{table} WITH NO DATA;
