-- The digest in the heads of audio that has gone for its age, or goes next: no payload has it.
CREATE OR REPLACE FUNCTION ops.no_digest() RETURNS uuid LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST('00000000-0000-0000-0000-000000000000' AS uuid) $$;
