-- The partitions of one business day, made apart and attached, so that neither waits behind a
-- reader nor blocks one (ATTACH takes a lock that readers don't mind, as there is no DEFAULT
-- partition). Safe to repeat and safe at the same time from several processes. What retention has
-- detached, but not dropped yet, is in the way of a day that is loaded again: it goes first.
-- A day knows the instants that can be in it, in whatever time zone: who filters by started_at
-- alone has the other days left out of the plan.
-- They are in a schema beside their tables', which nobody needs to see to read the tables.
-- A day grows from nothing to all that it will be: at Postgres' tenth, autovacuum would analyse each of
-- its rows eleven times over, at twice the rows two times. Nobody compares whole objects of JSON, and
-- their statistics cost a quarter of that.
CREATE OR REPLACE FUNCTION ops.make_day(p_day date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    label    text := to_char(p_day, 'YYYYMMDD');
    parent   text;  -- with its schema, whatever the session's search path is
    folder   text;
    name     text;
    child    text;
    there    oid;
    attached boolean;
    instants text;
    unasked  text;
    made     boolean := false;
BEGIN
    IF (SELECT count(*) FROM pg_inherits WHERE NOT inhdetachpending
           AND inhrelid IN (to_regclass('facts_partitions.calls_' || label),
                            to_regclass('raw_partitions.records_' || label))) = 2 THEN
        RETURN false;
    END IF;
    PERFORM ops.lock('make_day');
    PERFORM set_config('lock_timeout', '2s', true);
    FOR parent, folder, name IN
        SELECT format('%I.%I', n.nspname, c.relname), n.nspname || '_partitions', c.relname || '_' || label
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'p' AND n.nspname IN ('raw', 'facts') ORDER BY (c.oid = 'facts.calls'::regclass), c.oid
    LOOP
        child := format('%I.%I', folder, name);
        -- Not to_regclass: who gets the lock at the moment of another's commit may have an older answer.
        there := (SELECT oid FROM pg_class WHERE relnamespace = folder::regnamespace AND relname = name);
        IF there IS NOT NULL THEN
            SELECT NOT inhdetachpending INTO attached FROM pg_inherits WHERE inhrelid = there;
            CONTINUE WHEN attached;
            IF NOT attached THEN
                EXECUTE format('ALTER TABLE %s DETACH PARTITION %s FINALIZE', parent, child);
            END IF;
            EXECUTE format('DROP TABLE %s', child);
        END IF;
        SELECT format(', CHECK (started_at >= %L AND started_at < %L)',
                      p_day::timestamp AT TIME ZONE 'UTC' - interval '14 hours',
                      p_day::timestamp AT TIME ZONE 'UTC' + interval '36 hours')
          INTO instants FROM pg_attribute WHERE attrelid = parent::regclass AND attname = 'started_at' AND attnotnull;
        EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING IDENTITY EXCLUDING COMMENTS%s)'
                       ' WITH (autovacuum_analyze_scale_factor = 1)', child, parent, coalesce(instants, ''));
        SELECT string_agg(format('ALTER %I SET STATISTICS 0', attname), ', ')
          INTO unasked FROM pg_attribute WHERE attrelid = parent::regclass AND atttypid = 'jsonb'::regtype;
        IF unasked IS NOT NULL THEN
            EXECUTE format('ALTER TABLE %s %s', child, unasked);
        END IF;
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
                       parent, child, p_day, p_day + 1);
        made := true;
    END LOOP;
    RETURN made;
END $$;
