SELECT EXISTS (SELECT FROM ops.days WHERE call_date = :day AND expired_at IS NOT NULL) AS is_expired;
