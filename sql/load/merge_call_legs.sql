INSERT INTO facts.call_legs AS t (
    call_date, account, stream, leg_id, vendor, leg_type, direction, started_at, answered_at,
    ended_at, duration_s, talk_s, wait_s, from_number, to_number, from_e164, to_e164,
    machine_detected, end_reason, attributes, first_seen_at, missing_since)
SELECT
    call_date, account, stream, leg_id, vendor, leg_type, direction, started_at, answered_at,
    ended_at, duration_s, talk_s, wait_s, from_number, to_number, from_e164, to_e164,
    machine_detected, end_reason, attributes, first_seen_at, missing_since
  FROM stage_call_legs
ON CONFLICT (call_date, account, stream, leg_id) DO UPDATE
   SET vendor = excluded.vendor, leg_type = excluded.leg_type, direction = excluded.direction,
       started_at = excluded.started_at, answered_at = excluded.answered_at,
       ended_at = excluded.ended_at, duration_s = excluded.duration_s, talk_s = excluded.talk_s,
       wait_s = excluded.wait_s, from_number = excluded.from_number,
       to_number = excluded.to_number, from_e164 = excluded.from_e164, to_e164 = excluded.to_e164,
       machine_detected = excluded.machine_detected, end_reason = excluded.end_reason,
       attributes = excluded.attributes, updated_at = now(), missing_since = excluded.missing_since
 WHERE (t.vendor, t.leg_type, t.direction, t.started_at, t.answered_at, t.ended_at, t.duration_s,
        t.talk_s, t.wait_s, t.from_number, t.to_number, t.from_e164, t.to_e164, t.machine_detected,
        t.end_reason, t.attributes, t.missing_since)
       IS DISTINCT FROM
       (excluded.vendor, excluded.leg_type, excluded.direction, excluded.started_at,
        excluded.answered_at, excluded.ended_at, excluded.duration_s, excluded.talk_s,
        excluded.wait_s, excluded.from_number, excluded.to_number, excluded.from_e164,
        excluded.to_e164, excluded.machine_detected, excluded.end_reason, excluded.attributes,
        excluded.missing_since);
