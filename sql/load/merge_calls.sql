INSERT INTO facts.calls AS t (
    call_date, account, stream, call_id, vendor, grain, direction, started_at, answered_at,
    ended_at, duration_s, talk_s, wait_s, ring_s, from_number, to_number, from_e164, to_e164,
    disposition, disposition_raw, is_final, ended_by, end_reason, agent_id, agent_name,
    queue_id, queue_name, campaign_id, campaign_name, flow_id, flow_name, attempt_no,
    transferred_to, wrapup_code, wrapup_name, cost, currency, has_recording, attributes, first_seen_at, missing_since)
SELECT
    call_date, account, stream, call_id, vendor, grain, direction, started_at, answered_at,
    ended_at, duration_s, talk_s, wait_s, ring_s, from_number, to_number, from_e164, to_e164,
    disposition, disposition_raw, is_final, ended_by, end_reason, agent_id, agent_name,
    queue_id, queue_name, campaign_id, campaign_name, flow_id, flow_name, attempt_no,
    transferred_to, wrapup_code, wrapup_name, cost, currency, has_recording, attributes, first_seen_at, missing_since
  FROM stage_calls
ON CONFLICT (call_date, account, stream, call_id) DO UPDATE
   SET vendor = excluded.vendor, grain = excluded.grain, direction = excluded.direction,
       started_at = excluded.started_at, answered_at = excluded.answered_at,
       ended_at = excluded.ended_at, duration_s = excluded.duration_s, talk_s = excluded.talk_s,
       wait_s = excluded.wait_s, ring_s = excluded.ring_s, from_number = excluded.from_number,
       to_number = excluded.to_number, from_e164 = excluded.from_e164, to_e164 = excluded.to_e164,
       disposition = excluded.disposition, disposition_raw = excluded.disposition_raw,
       is_final = excluded.is_final, ended_by = excluded.ended_by,
       end_reason = excluded.end_reason, agent_id = excluded.agent_id,
       agent_name = excluded.agent_name, queue_id = excluded.queue_id,
       queue_name = excluded.queue_name, campaign_id = excluded.campaign_id,
       campaign_name = excluded.campaign_name, flow_id = excluded.flow_id,
       flow_name = excluded.flow_name, attempt_no = excluded.attempt_no,
       transferred_to = excluded.transferred_to, wrapup_code = excluded.wrapup_code,
       wrapup_name = excluded.wrapup_name, cost = excluded.cost, currency = excluded.currency,
       has_recording = excluded.has_recording, attributes = excluded.attributes,
       updated_at = now(), missing_since = excluded.missing_since
 WHERE (t.vendor, t.grain, t.direction, t.started_at, t.answered_at, t.ended_at, t.duration_s,
        t.talk_s, t.wait_s, t.ring_s, t.from_number, t.to_number, t.from_e164, t.to_e164,
        t.disposition, t.disposition_raw, t.is_final, t.ended_by, t.end_reason, t.agent_id,
        t.agent_name, t.queue_id, t.queue_name, t.campaign_id, t.campaign_name, t.flow_id,
        t.flow_name, t.attempt_no, t.transferred_to, t.wrapup_code, t.wrapup_name, t.cost,
        t.currency, t.has_recording, t.attributes, t.missing_since)
       IS DISTINCT FROM
       (excluded.vendor, excluded.grain, excluded.direction, excluded.started_at,
        excluded.answered_at, excluded.ended_at, excluded.duration_s, excluded.talk_s,
        excluded.wait_s, excluded.ring_s, excluded.from_number, excluded.to_number,
        excluded.from_e164, excluded.to_e164, excluded.disposition, excluded.disposition_raw,
        excluded.is_final, excluded.ended_by, excluded.end_reason, excluded.agent_id,
        excluded.agent_name, excluded.queue_id, excluded.queue_name, excluded.campaign_id,
        excluded.campaign_name, excluded.flow_id, excluded.flow_name, excluded.attempt_no,
        excluded.transferred_to, excluded.wrapup_code, excluded.wrapup_name, excluded.cost,
        excluded.currency, excluded.has_recording, excluded.attributes, excluded.missing_since);
