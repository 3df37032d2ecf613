-- Run workers that take runs, by queue and version.
SELECT queue, version, count(*) AS workers, sum(slots)::integer AS slots
  FROM ops.workers WHERE expires_at > ops.now()
 GROUP BY queue, version;
