-- The sum of hashes is the same in whatever order rows are read, and in every version of Postgres.
SELECT {day} AS day, count(*), sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint)::text
  FROM {table} t GROUP BY 1 ORDER BY 1
