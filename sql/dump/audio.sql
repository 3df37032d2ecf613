SELECT DISTINCT audio_uri, audio_sha256 FROM facts.recordings WHERE audio_uri IS NOT NULL ORDER BY 1;
