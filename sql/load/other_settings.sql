-- Settings by which facts are made that differ from those of a load.
SELECT concat_ws(', ', timezone, country, currency) AS noted
  FROM ops.accounts
 WHERE account = :account AND (timezone, country, currency) IS DISTINCT FROM (:timezone, :country, :currency);
