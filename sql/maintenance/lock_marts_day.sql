SELECT pg_advisory_xact_lock(hashtextextended('refresh marts ' || CAST(:day AS date), 0));
