SELECT ops.release_permit(
    :permit, :credential, :reached_s, :duration_s, :status, :bytes, :records, :url, :error,
    :hold_s, :bucket, :timezone, :exhausted_until);
