UPDATE facts.recordings AS t
   SET audio_uri = s.audio_uri, audio_sha256 = s.audio_sha256, updated_at = now()
  FROM stage_audio s
 WHERE t.call_date = ANY(:days) AND t.call_date = s.call_date AND t.account = s.account
   AND t.recording_id = s.recording_id
   AND (t.audio_uri, t.audio_sha256) IS DISTINCT FROM (s.audio_uri, s.audio_sha256);
