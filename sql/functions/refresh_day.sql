-- Brings one table of marts up to date with the facts of a day: only rows that differ are written.
CREATE OR REPLACE FUNCTION ops.refresh_mart(p_mart text, p_day date, OUT rows bigint, OUT written bigint)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($sql$
        WITH fresh AS MATERIALIZED (SELECT f FROM ops.build_%1$s($1) f),
        gone AS (
            DELETE FROM marts.%1$I m WHERE m.call_date = $1 AND NOT EXISTS (SELECT FROM fresh WHERE fresh.f = m)
            RETURNING 1
        ), put AS (
            INSERT INTO marts.%1$I SELECT (fresh.f).* FROM fresh
             WHERE NOT EXISTS (SELECT FROM marts.%1$I m WHERE m.call_date = $1 AND m = fresh.f)
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM fresh), (SELECT count(*) FROM gone) + (SELECT count(*) FROM put)
    $sql$, p_mart) INTO rows, written USING p_day;
END $$;

-- Brings all marts up to date with the facts of a day: nothing to do where no mark is left, as
-- another refresh was faster, unless p_always. Marks are deleted before the facts are read: what a
-- load commits meanwhile leaves a mark of its own.
CREATE OR REPLACE FUNCTION ops.refresh_day(p_day date, p_always boolean)
RETURNS TABLE (mart text, rows bigint, written bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('refresh marts ' || p_day, 0));
    DELETE FROM ops.stale_days WHERE call_date = p_day;
    IF NOT (FOUND OR p_always) THEN
        RETURN;
    END IF;
    FOR mart IN
        SELECT c.relname FROM pg_class c
         WHERE c.relnamespace = 'marts'::regnamespace AND c.relkind = 'r' ORDER BY 1
    LOOP
        SELECT m.rows, m.written INTO rows, written FROM ops.refresh_mart(mart, p_day) m;
        RETURN NEXT;
    END LOOP;
END $$;
