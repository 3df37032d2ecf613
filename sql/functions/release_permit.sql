-- Gives a permit back where no question for another one follows: see ops.end_request.
CREATE OR REPLACE FUNCTION ops.release_permit(p_done jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ops.end_request(p_done, ops.lock_credential(p_done ->> 'credential'));
END $$;
