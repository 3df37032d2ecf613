-- What callhouse_analyst sees of a number: all but its last four digits, of extensions everything,
-- and nothing of what isn't a number (a name, an address).
CREATE OR REPLACE FUNCTION masked.number(number text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN number !~ '^[0-9+*#() .-]+$' THEN '****'
        WHEN length(number) <= 5 THEN number
        ELSE left(number, -4) || '****'
    END
$$;
COMMENT ON FUNCTION masked.number IS 'A number without its last four digits; extensions of up to five stay';
