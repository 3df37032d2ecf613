-- A zone that the code knows may be newer than the server's time zone data, or have another name there: to ask
-- for its clocks would be an error, of whatever is asked for beside it.
CREATE OR REPLACE FUNCTION ops.known_zone(timezone text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN pg_input_is_valid('2000-01-01 00:00 ' || timezone, 'timestamptz') THEN timezone END;
COMMENT ON FUNCTION ops.known_zone IS 'The time zone, or NULL where this server doesn''t know it';
