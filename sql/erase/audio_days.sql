-- Of the days those on which audio may lie in its place, though nothing names it: all of an account whose
-- audio is read, else those of which it was.
SELECT day FROM unnest(CAST(:days AS date[])) AS day
 WHERE EXISTS (SELECT FROM ops.accounts a WHERE a.account = :account AND :stream = ANY(a.streams))
    OR EXISTS (SELECT FROM ops.days d WHERE d.account = :account AND d.stream = :stream AND d.call_date = day);
