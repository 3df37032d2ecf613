SELECT ops.release_permit(
    :permit, :reached_s, :duration_s, :status, :bytes, :records, :url, :error,
    :hold_s, :exhausted_bucket, :timezone);
