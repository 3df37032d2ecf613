-- What a call counts as, once for all: who writes a rate or a mart of their own starts from here.
-- answered: somebody talked with somebody. abandoned: the caller gave up before. unanswered: nobody
-- answered, or a machine. handed_on, contained: what an IVR flow can say. not_offered: nobody was
-- there to answer. open: not over. A rate's denominator is answered + abandoned + unanswered.
CREATE OR REPLACE FUNCTION facts.outcome(disposition text, direction text, is_final boolean)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN disposition IN ('blocked', 'out_of_hours') THEN 'not_offered'
        WHEN disposition IN ('queued', 'in_progress') OR NOT is_final THEN 'open'
        WHEN disposition = 'answered' THEN 'answered'
        WHEN disposition = 'abandoned' OR (disposition = 'canceled' AND direction = 'inbound') THEN 'abandoned'
        WHEN disposition IN ('no_answer', 'busy', 'failed', 'canceled', 'voicemail', 'machine') THEN 'unanswered'
        WHEN disposition = 'transferred' THEN 'handed_on'
        WHEN disposition = 'ivr_contained' THEN 'contained'
        ELSE 'unknown'
    END
$$;
COMMENT ON FUNCTION facts.outcome IS
    'What a call counts as: answered, abandoned, unanswered, handed_on, contained, not_offered, open or unknown';
