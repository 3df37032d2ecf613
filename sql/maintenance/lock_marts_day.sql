SELECT ops.lock('refresh marts ' || CAST(:day AS date));
