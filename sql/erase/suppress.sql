-- From now on, whatever lands. Who has been forgotten with their calls isn't kept by a later word.
INSERT INTO ops.suppressed AS s (hash, kind, keeps_calls, tail) VALUES (:hash, :kind, :keeps_calls, :tail)
ON CONFLICT (hash) DO UPDATE SET keeps_calls = s.keeps_calls AND excluded.keeps_calls;
