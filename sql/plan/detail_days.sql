-- Days on which parents may still lack their detail: newest first. A day's `vendor_total` is the
-- number of its parents when it was judged: another number, or none, has it judged again, also of a
-- day that has no parent left. So has the time that it says. A day that was read whole and has no parents is
-- judged as well: nothing is known of it otherwise.
SELECT p.call_date
  FROM ops.days p
  LEFT JOIN ops.days d ON d.account = p.account AND d.stream = :stream AND d.call_date = p.call_date
 WHERE p.account = :account AND p.stream = :parent
   AND (p.facts > 0 OR d.call_date IS NOT NULL OR p.state IN ('settling', 'complete'))
   AND (p.expired_at IS NULL OR CAST(:days AS date[]) IS NOT NULL OR (p.facts = 0 AND d.call_date IS NULL))
   AND (CAST(:days AS date[]) IS NULL OR p.call_date = ANY(CAST(:days AS date[])))
   AND (d.call_date IS NULL OR d.vendor_total IS DISTINCT FROM p.facts
        OR :now >= d.next_read_at OR (d.state <> 'complete' AND d.next_read_at IS NULL)
        OR CAST(:days AS date[]) IS NOT NULL)
 ORDER BY p.call_date DESC;
