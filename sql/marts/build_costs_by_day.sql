CREATE OR REPLACE FUNCTION ops.build_costs_by_day(p_day date)
RETURNS SETOF marts.costs_by_day LANGUAGE sql STABLE AS $$
    SELECT p_day, account, vendor, grain, currency, count(*), sum(cost), sum(talk_s)
      FROM facts.calls WHERE call_date = p_day AND cost IS NOT NULL AND missing_since IS NULL
     GROUP BY account, vendor, grain, currency
$$;
