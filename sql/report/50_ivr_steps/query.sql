-- Where callers leave IVR flows: the six flows with the most sessions, and twelve steps of each.
WITH step AS (
    SELECT account || ' · ' || coalesce(flow_name, 'flow not told') AS flow, position,
           coalesce(nullif(description, ''), step, 'step not told') AS step, sum(sessions) AS sessions,
           sum(ended_here) AS ended, sum(handed_on_here) AS handed_on, sum(contained_here) AS contained,
           sum(abandoned_here) AS abandoned
      FROM marts.ivr_steps_by_day
     WHERE call_date BETWEEN :first AND :last AND account = ANY(:accounts)
     GROUP BY 1, 2, 3
), ranked AS (
    SELECT *, max(sessions) OVER (PARTITION BY flow) AS of_flow,
           row_number() OVER (PARTITION BY flow ORDER BY sessions DESC, position, step) AS place
      FROM step
)
SELECT flow, position || '. ' || step AS step, position, result, counted AS sessions
  FROM (SELECT *, dense_rank() OVER (ORDER BY of_flow DESC, flow) AS flow_place FROM ranked) s
 CROSS JOIN LATERAL (VALUES (1, 'went on', sessions - ended), (2, 'handed on', handed_on),
                            (3, 'ended by the flow', contained), (4, 'hung up', abandoned),
                            (5, 'ended otherwise', ended - handed_on - contained - abandoned)
                    ) AS r (result_place, result, counted)
 WHERE flow_place <= 6 AND place <= 12 AND counted > 0
 ORDER BY flow_place, position, place, result_place
