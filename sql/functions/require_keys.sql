-- Raises an error for an object that lacks a key: it would be taken for one without a limit.
CREATE OR REPLACE FUNCTION ops.require_keys(p_object jsonb, p_keys text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF NOT p_object ?& p_keys THEN
        RAISE EXCEPTION 'not said: %', ARRAY(SELECT unnest(p_keys) EXCEPT SELECT jsonb_object_keys(p_object));
    END IF;
END $$;
