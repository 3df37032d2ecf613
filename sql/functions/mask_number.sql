-- Masks hide digits. Their bodies are SQL's own, bound to Postgres' functions when they are laid: in a
-- body that is text, a caller's search_path would choose others, which then saw the whole number.

-- All digits of a text after its first ones.
CREATE OR REPLACE FUNCTION masked.digits(number text, shown integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN left(number, regexp_instr(number, '[0-9]', 1, greatest(shown, 0) + 1) - 1)
       || regexp_replace(substr(number, regexp_instr(number, '[0-9]', 1, greatest(shown, 0) + 1)), '[0-9]', '*', 'g');
COMMENT ON FUNCTION masked.digits IS 'A text with stars for all digits after its first ones';

-- What callhouse_analyst sees of a number: eight digits at most, and never the last four, nor what is
-- dialled after them (an extension); of extensions alone everything; and nothing of what isn't a
-- number (a name, an address).
CREATE OR REPLACE FUNCTION masked.number(number text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN number ~ '^[+]?[0-9]{6,12}$' THEN left(number, -4) || '****'
    WHEN number !~ '^[][0-9+*#(),;/ .-]+$' THEN '****'
    WHEN regexp_count(number, '[0-9]') <= 5 THEN number
    ELSE masked.digits(number, least(8, regexp_count(
        regexp_replace(number, '[#*,;].*$|[[(][0-9 ]+[])][^0-9]*$', ''), '[0-9]') - 4))
END;
COMMENT ON FUNCTION masked.number IS 'A number without its last four digits and its extension; extensions of up to five digits stay';

-- Of a text, the numbers of seven digits and more in it, whole; dates and times aren't any.
CREATE OR REPLACE FUNCTION masked.numbers_in(told text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT string_agg(coalesce(piece[2], masked.digits(piece[1], 0)), '' ORDER BY place)
      FROM regexp_matches(told, '(?:((?:(?!(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?![0-9]))[0-9](?:[^[:alnum:]:,;]{0,3}(?!(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?![0-9]))[0-9]){6,}))'
           || '|((?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?![0-9])(?:[T ][0-9:.+]+)?|[^0-9]+|[0-9]+))', 'g')
           WITH ORDINALITY AS found (piece, place)
);
COMMENT ON FUNCTION masked.numbers_in IS 'A text with its telephone numbers masked';

CREATE OR REPLACE FUNCTION masked.numbers(told text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN told ~ '[0-9](?:[^[:alnum:]:,;]{0,3}[0-9]){6}' THEN masked.numbers_in(told) ELSE told END;
COMMENT ON FUNCTION masked.numbers IS 'The same; cheap where there are none';
