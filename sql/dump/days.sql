SELECT min(call_date) AS first, max(call_date) AS last FROM ops.days;
