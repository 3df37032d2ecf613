-- The partitions of one business day, made apart and attached, so that neither waits behind a
-- reader nor blocks one (ATTACH takes a lock that readers don't mind, as there is no DEFAULT
-- partition). Safe to repeat and safe at the same time from several processes.
CREATE OR REPLACE FUNCTION ops.make_day(p_day date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    parent regclass;
    child  text;
    made   boolean := false;
BEGIN
    IF to_regclass(format('facts.calls_%s', to_char(p_day, 'YYYYMMDD'))) IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('make_day', 0));
    PERFORM set_config('lock_timeout', '2s', true);
    FOR parent IN
        SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'p' AND n.nspname IN ('raw', 'facts') ORDER BY (c.oid = 'facts.calls'::regclass), 1
    LOOP
        child := format('%s_%s', parent, to_char(p_day, 'YYYYMMDD'));
        CONTINUE WHEN to_regclass(child) IS NOT NULL;
        EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING IDENTITY)', child, parent);
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
                       parent, child, p_day, p_day + 1);
        made := true;
    END LOOP;
    RETURN made;
END $$;
