SELECT ops.release_permit(CAST(:done AS jsonb));
